package import Units

extension PieceSpan {
    package init(_ range: PieceRange) {
        self.init()
        first = range.first.rawValue
        count = range.count.rawValue
    }
}

extension [PieceSpan] {
    /// The pieces that they name, as far as a blob has them.
    package func pieces(below count: PieceCount) -> [PieceIndex] {
        prefix(count.int).flatMap { span in
            let end = UInt64(span.first) + UInt64(span.count)
            return (Swift.min(span.first, count.rawValue)..<UInt32(Swift.min(end, UInt64(count.rawValue))))
                .map { PieceIndex(rawValue: $0) }
        }
    }
}
