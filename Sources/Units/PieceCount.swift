/// How many pieces a blob, a set or a batch has.
package struct PieceCount: RawRepresentable, Hashable, Comparable, Sendable {
    package var rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }
    /// Traps outside 0 to 2^32-1.
    package init(_ count: some BinaryInteger) { self.rawValue = UInt32(count) }
    package static func < (left: PieceCount, right: PieceCount) -> Bool { left.rawValue < right.rawValue }
    package var int: Int { Int(rawValue) }
    /// Every index below this count, in order.
    package var indices: LazyMapSequence<Range<UInt32>, PieceIndex> {
        (0..<rawValue).lazy.map { PieceIndex(rawValue: $0) }
    }
}
