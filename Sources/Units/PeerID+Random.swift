extension PeerID {
    /// Sluice's client prefix (BEP 20) and 12 random letters and digits.
    package static func random(using generator: inout some RandomNumberGenerator) -> PeerID {
        let alphabet = Array("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
        var bytes = Array("-SL0100-".utf8)
        while bytes.count < byteCount {
            bytes.append(alphabet[Int.random(in: 0..<alphabet.count, using: &generator)])
        }
        guard let id = PeerID(bytes: bytes) else { preconditionFailure("a peer id has 20 bytes") }
        return id
    }
}
