/// One block of a PEM text (RFC 7468): what stands between a BEGIN line and the END line behind it, both included.
struct PEMBlock: Hashable, Sendable {
    private static let (begin, end, dashes) = ("-----BEGIN ", "-----END ", "-----")

    /// Such as `CERTIFICATE`.
    let label: String
    let text: String

    var isCertificate: Bool { label == "CERTIFICATE" || label == "X509 CERTIFICATE" }
    var isPrivateKey: Bool { label.hasSuffix("PRIVATE KEY") }

    /// The blocks of a text, in order; what stands outside of them does not count. Throws where one has no end.
    static func all(in text: String) throws(TransportError) -> [PEMBlock] {
        var blocks: [PEMBlock] = []
        var open: String?
        var lines: [Substring] = []
        for whole in text.split(whereSeparator: \.isNewline) {
            var line = whole
            while line.last?.isWhitespace == true { line.removeLast() }
            if let label = open {
                lines.append(line)
                guard line == end + label + dashes else { continue }
                blocks.append(PEMBlock(label: label, text: lines.joined(separator: "\n") + "\n"))
                open = nil
            } else if line.hasPrefix(begin), line.hasSuffix(dashes), line.count >= begin.count + dashes.count {
                open = String(line.dropFirst(begin.count).dropLast(dashes.count))
                lines = [line]
            }
        }
        guard open == nil else { throw TransportError(.tls, "a block of the PEM text has no end") }
        return blocks
    }
}
