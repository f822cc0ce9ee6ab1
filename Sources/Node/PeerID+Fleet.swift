internal import Units

extension PeerID {
    /// The client and its version (BEP 20).
    private static let client = Array("-SL0100-".utf8)

    /// `-SL0100-` and twelve random digits.
    static func random(using generator: inout some RandomNumberGenerator) -> PeerID {
        let digits = (0..<12).map { _ in UInt8(ascii: "0") + UInt8.random(in: 0...9, using: &generator) }
        guard let id = PeerID(bytes: client + digits) else {
            preconditionFailure("eight and twelve bytes are twenty")
        }
        return id
    }

    /// Whether a relay or an agent says so of itself.
    var isOfFleet: Bool { bytes.starts(with: Self.client.prefix(3)) }
}
