package import Units

/// The 68 bytes that open a connection (BEP 3).
package struct Handshake: Hashable, Sendable {
    /// Bytes on the wire.
    package static let byteCount = 68
    private static let opening: [UInt8] = [19] + Array("BitTorrent protocol".utf8)

    package let infoHash: InfoHash
    package let peerID: PeerID
    /// BEP 10.
    package let speaksExtensions: Bool
    /// BEP 6.
    package let speaksFast: Bool
    /// BEP 52: a hybrid torrent's peer that could speak version 2.
    package let speaksV2: Bool

    package init(
        infoHash: InfoHash,
        peerID: PeerID,
        speaksExtensions: Bool = true,
        speaksFast: Bool = true,
        speaksV2: Bool = false
    ) {
        self.infoHash = infoHash
        self.peerID = peerID
        self.speaksExtensions = speaksExtensions
        self.speaksFast = speaksFast
        self.speaksV2 = speaksV2
    }

    /// The 68 bytes.
    package var encoded: [UInt8] {
        var reserved = [UInt8](repeating: 0, count: 8)
        if speaksExtensions { reserved[5] |= 0x10 }
        if speaksFast { reserved[7] |= 0x04 }
        if speaksV2 { reserved[7] |= 0x10 }
        return Self.opening + reserved + infoHash.bytes + peerID.bytes
    }

    /// Nil while bytes are missing; throws as soon as they are no handshake.
    package static func decode(_ bytes: [UInt8]) throws(WireError) -> Handshake? {
        guard zip(bytes, opening).allSatisfy(==) else { throw .notBitTorrent }
        guard bytes.count >= byteCount, let infoHash = InfoHash(bytes: bytes[28..<48]),
            let peerID = PeerID(bytes: bytes[48..<68])
        else { return nil }
        return Handshake(
            infoHash: infoHash,
            peerID: peerID,
            speaksExtensions: bytes[25] & 0x10 != 0,
            speaksFast: bytes[27] & 0x04 != 0,
            speaksV2: bytes[27] & 0x10 != 0
        )
    }
}
