/// Tells protocols apart by the first bytes of a connection. A machine without I/O.
///
/// | first bytes | protocol |
/// | --- | --- |
/// | 0x16 0x03 | TLS handshake record (RFC 8446 section 5.1) |
/// | `PRI * HTTP/2.0` | HTTP/2 preface (RFC 9113 section 3.4) |
/// | 0x13 `BitTorrent protocol` | BitTorrent handshake (BEP 3) |
/// | an upper-case method and a space | HTTP/1.1 (RFC 9112 section 3) |
package struct FirstBytes: Sendable {
    /// What is known after some bytes.
    package enum Verdict: Hashable, Sendable {
        case needMore
        case decided(DetectedProtocol)
        case unknown
    }

    /// Longest method that is waited for, in bytes.
    package static let maximumMethodLength = 16

    private static let http2 = Array("PRI * HTTP/2.0".utf8)
    private static let bitTorrent = [0x13] + Array("BitTorrent protocol".utf8)

    /// The verdict on all bytes so far.
    package static func verdict(_ bytes: some Collection<UInt8>) -> Verdict {
        guard let first = bytes.first else { return .needMore }
        if first == 0x16 {
            guard let second = bytes.dropFirst().first else { return .needMore }
            return second == 0x03 ? .decided(.tls) : .unknown
        }
        if first == 0x13 { return match(bytes, bitTorrent, .bitTorrent) ?? .unknown }
        if let verdict = match(bytes, http2, .http2) { return verdict }
        var length = 0
        for byte in bytes {
            if byte == UInt8(ascii: " ") { return length > 0 ? .decided(.http1) : .unknown }
            guard (65...90).contains(byte), length < maximumMethodLength else { return .unknown }
            length += 1
        }
        return .needMore
    }

    /// Nil where the bytes do not begin like the pattern.
    private static func match(
        _ bytes: some Collection<UInt8>,
        _ pattern: [UInt8],
        _ found: DetectedProtocol
    ) -> Verdict? {
        guard zip(bytes, pattern).allSatisfy({ $0 == $1 }) else { return nil }
        return bytes.count >= pattern.count ? .decided(found) : .needMore
    }
}
