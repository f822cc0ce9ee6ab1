/// Names one exact file content at an origin; derived from URL, size, validators and piece length.
package struct BlobID: FixedBytes {
    package static let byteCount = 32
    package let bytes: [UInt8]
    package init?(bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }
}
