internal import Units

extension PeerID {
    /// `-SL0100-` and twelve random digits (BEP 20).
    static func random(using generator: inout some RandomNumberGenerator) -> PeerID {
        let digits = (0..<12).map { _ in UInt8(ascii: "0") + UInt8.random(in: 0...9, using: &generator) }
        guard let id = PeerID(bytes: Array("-SL0100-".utf8) + digits) else {
            preconditionFailure("eight and twelve bytes are twenty")
        }
        return id
    }
}
