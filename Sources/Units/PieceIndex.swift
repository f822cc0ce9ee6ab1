/// The position of a piece in its blob, from 0.
package struct PieceIndex: RawRepresentable, Hashable, Comparable, Sendable {
    package var rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }
    /// Traps outside 0 to 2^32-1.
    package init(_ index: some BinaryInteger) { self.rawValue = UInt32(index) }
    package static func < (left: PieceIndex, right: PieceIndex) -> Bool { left.rawValue < right.rawValue }
    package var int: Int { Int(rawValue) }
}
