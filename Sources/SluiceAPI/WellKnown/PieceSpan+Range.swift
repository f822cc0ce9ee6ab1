package import Units

extension PieceSpan {
    package init(_ range: PieceRange) {
        self.init()
        first = range.first.rawValue
        count = range.count.rawValue
    }
}

extension [PieceSpan] {
    /// The pieces that they name, as far as a blob has them; nil where the spans do not ascend, or name a piece twice. So
    /// they are never more pieces than the blob has.
    package func pieces(below count: PieceCount) -> [PieceIndex]? {
        var pieces: [PieceIndex] = []
        var next: UInt64 = 0
        for span in self {
            guard span.count > 0, span.first >= next else { return nil }
            next = UInt64(span.first) + UInt64(span.count)
            let end = UInt32(clamping: Swift.min(next, UInt64(count.rawValue)))
            guard span.first < end else { continue }
            pieces += (span.first..<end).map { PieceIndex(rawValue: $0) }
        }
        return pieces
    }
}
