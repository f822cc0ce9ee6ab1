package import Units

/// A run of consecutive pieces.
package struct PieceRange: Hashable, Sendable {
    package let first: PieceIndex
    /// At least one.
    package let count: PieceCount
    /// Nil for no pieces or an end beyond 2^32-1.
    package init?(first: PieceIndex, count: PieceCount) {
        guard count.rawValue > 0, !first.rawValue.addingReportingOverflow(count.rawValue).overflow else { return nil }
        self.first = first
        self.count = count
    }
    /// Nil where the range is empty.
    package init?(_ indices: Range<UInt32>) {
        self.init(
            first: PieceIndex(rawValue: indices.lowerBound),
            count: PieceCount(rawValue: indices.upperBound - indices.lowerBound)
        )
    }
    /// The pieces' indices.
    package var indices: Range<UInt32> { first.rawValue..<first.rawValue + count.rawValue }
    package func contains(_ piece: PieceIndex) -> Bool { indices.contains(piece.rawValue) }
}
