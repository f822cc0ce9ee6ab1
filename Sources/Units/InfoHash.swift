/// A BitTorrent info-hash as it stands in a handshake: SHA-1 (BEP 3) or truncated SHA-256 (BEP 52).
package struct InfoHash: FixedBytes {
    package static let byteCount = 20
    package let bytes: [UInt8]
    package init?(bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }
}
