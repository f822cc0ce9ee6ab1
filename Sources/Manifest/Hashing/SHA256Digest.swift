internal import Units

/// A SHA-256 digest (FIPS 180-4).
package struct SHA256Digest: FixedBytes {
    /// 32.
    package static let byteCount = 32
    /// Exactly 32 bytes.
    package let bytes: [UInt8]
    /// Nil where there are not exactly 32 bytes.
    package init?(bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }
    /// For bytes whose count is known to be right.
    init(exactly bytes: [UInt8]) {
        precondition(bytes.count == Self.byteCount, "a digest has 32 bytes")
        self.bytes = bytes
    }
}
