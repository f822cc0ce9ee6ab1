/// Names a growing blob in BitTorrent handshakes until its final info-hashes exist (DESIGN.md section 5).
package struct LiveID: FixedBytes {
    package static let byteCount = 20
    package let bytes: [UInt8]
    package init?(bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }
}
