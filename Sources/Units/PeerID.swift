/// A BitTorrent peer id (BEP 3, BEP 20).
package struct PeerID: FixedBytes {
    package static let byteCount = 20
    package let bytes: [UInt8]
    package init?(bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }
}
