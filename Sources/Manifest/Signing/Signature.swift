internal import Units

/// An Ed25519 signature (RFC 8064).
package struct Signature: FixedBytes {
    /// 64.
    package static let byteCount = 64
    /// Exactly 64 bytes.
    package let bytes: [UInt8]
    /// Nil where there are not exactly 64 bytes.
    package init?(bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }
    /// For bytes whose count is known to be right.
    init(exactly bytes: [UInt8]) {
        precondition(bytes.count == Self.byteCount, "it has 64 bytes")
        self.bytes = bytes
    }
}
