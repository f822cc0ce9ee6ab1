internal import Units

/// A SHA-1 digest (FIPS 180-4), as BitTorrent v1 wants it.
package struct SHA1Digest: FixedBytes {
    /// 20.
    package static let byteCount = 20
    /// Exactly 20 bytes.
    package let bytes: [UInt8]
    /// Nil where there are not exactly 20 bytes.
    package init?(bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }
    /// For bytes whose count is known to be right.
    init(exactly bytes: [UInt8]) {
        precondition(bytes.count == Self.byteCount, "a digest has 20 bytes")
        self.bytes = bytes
    }
}
