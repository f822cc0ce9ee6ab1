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

    /// Runs of consecutive pieces, of pieces in rising order.
    package static func runs(of pieces: some Sequence<PieceIndex>) -> [PieceRange] {
        var found: [Range<UInt32>] = []
        for piece in pieces.lazy.map(\.rawValue) {
            if let last = found.last, last.upperBound == piece {
                found[found.count - 1] = last.lowerBound..<piece + 1
            } else {
                found.append(piece..<piece + 1)
            }
        }
        return found.compactMap { PieceRange($0) }
    }
}
