import HTTP
import Transport
import Units

extension FuzzTarget {
    static let wire: [FuzzTarget] = [
        FuzzTarget(
            "first-bytes",
            maximumBytes: 64,
            seeds: { bytes("PRI * HTTP/2.0\r\n", "GET / HTTP/1.1", "\u{13}BitTorrent protocol") + [[0x16, 3, 1]] },
            check: firstBytes
        ),
        FuzzTarget(
            "range",
            maximumBytes: 160,
            seeds: { bytes("Abytes=0-99", "Abytes=-5", "Abytes=7-", "Abytes=0-1,5-6") },
            check: range
        ),
    ]

    /// What more bytes can change: only a verdict that was still open.
    private static func firstBytes(_ input: [UInt8]) {
        var settled: FirstBytes.Verdict?
        for count in 0...input.count {
            let verdict = FirstBytes.verdict(input.prefix(count))
            if let settled { precondition(verdict == settled, "a verdict was changed") }
            if verdict != .needMore { settled = verdict }
        }
        precondition(settled != nil || input.count < 24, "still undecided after \(input.count) bytes")
    }

    /// The first byte is the content's size, the rest the header.
    private static func range(_ input: [UInt8]) {
        guard let first = input.first else { return }
        let header = text(input.dropFirst())
        for size in [UInt64(first), UInt64(first) << 56, .max] {
            guard case .part(let part) = ByteRangeHeader.parse(header, size: ByteCount(rawValue: size)) else {
                continue
            }
            precondition(!part.isEmpty && part.end <= size, "a range beyond the content")
        }
        let stale = ByteRangeHeader.resolve(
            range: header,
            ifRange: header,
            entityTag: "\"e\"",
            lastModified: "",
            size: ByteCount(5)
        )
        precondition(stale == .whole || header == "\"e\"", "a stale If-Range gave a part")
    }
}
