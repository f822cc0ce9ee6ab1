/// A value that is exactly `byteCount` bytes, such as a digest or an id.
package protocol FixedBytes: Hashable, Sendable, CustomStringConvertible {
    static var byteCount: Int { get }
    /// Exactly `byteCount` bytes.
    var bytes: [UInt8] { get }
    /// Nil where there are not exactly `byteCount` bytes.
    init?(bytes: some Sequence<UInt8>)
}

extension FixedBytes {
    /// Lower-case hexadecimal.
    package var hex: String { Hexadecimal.encode(bytes) }
    package var description: String { hex }
    /// Nil where the text is not `byteCount` bytes of hexadecimal, either case.
    package init?(hex: String) {
        guard let bytes = Hexadecimal.decode(hex) else { return nil }
        self.init(bytes: bytes)
    }
}
