package import Units

/// How a blob is cut: its size and a power-of-two piece length from 16 KiB to 16 MiB (BEP 52).
package struct PieceGeometry: Hashable, Sendable {
    /// 16 KiB (BEP 52).
    package static let minimumPieceLength: UInt32 = 16_384
    /// 16 MiB.
    package static let maximumPieceLength: UInt32 = 16_777_216
    /// The blob's size.
    package let size: ByteCount
    /// Bytes of every piece but the last.
    package let pieceLength: UInt32

    /// Nil where the piece length is no power of two from 16 KiB to 16 MiB, or there were more pieces than
    /// `Limits.maximumPieces`.
    package init?(size: ByteCount, pieceLength: UInt32) {
        guard (Self.minimumPieceLength...Self.maximumPieceLength).contains(pieceLength) else { return nil }
        guard pieceLength.nonzeroBitCount == 1 else { return nil }
        guard size.rawValue <= UInt64(Limits.maximumPieces) * UInt64(pieceLength) else { return nil }
        self.size = size
        self.pieceLength = pieceLength
    }

    /// The smallest power of two from 64 KiB to 16 MiB that keeps the blob at 2,048 pieces or fewer.
    package static func defaultPieceLength(for size: ByteCount) -> UInt32 {
        var length: UInt32 = 65_536
        while length < maximumPieceLength, size.rawValue > UInt64(length) * 2048 { length *= 2 }
        return length
    }

    /// 0 for an empty blob.
    package var pieceCount: PieceCount {
        let length = UInt64(pieceLength)
        return PieceCount(size.rawValue / length + (size.rawValue % length == 0 ? 0 : 1))
    }

    /// Whether the blob has this piece.
    package func contains(_ piece: PieceIndex) -> Bool { piece.rawValue < pieceCount.rawValue }

    /// The piece's bytes within the blob. Traps beyond the last piece.
    package func range(of piece: PieceIndex) -> ByteRange {
        precondition(contains(piece), "a piece beyond the end of its blob")
        let start = UInt64(piece.rawValue) * UInt64(pieceLength)
        return ByteRange(start: start, end: min(start + UInt64(pieceLength), size.rawValue))
    }

    /// Bytes in the piece: `pieceLength`, or less for the last one. Traps beyond the last piece.
    package func length(of piece: PieceIndex) -> UInt32 { UInt32(range(of: piece).count.rawValue) }

    /// The indices of pieces that share a byte with `range`, clamped to the blob; empty for an empty range.
    package func pieces(overlapping range: ByteRange) -> Range<UInt32> {
        guard let part = range.intersection(ByteRange(start: 0, end: size.rawValue)) else { return 0..<0 }
        let length = UInt64(pieceLength)
        return UInt32(part.start / length)..<UInt32((part.end - 1) / length + 1)
    }

    /// How many blocks of 16 KiB the piece has, the last of the blob maybe shorter.
    package func blockCount(of piece: PieceIndex) -> Int {
        Int((length(of: piece) + Block.maximumLength - 1) / Block.maximumLength)
    }

    /// Block `number`, from 0. Traps beyond the piece.
    package func block(_ number: Int, of piece: PieceIndex) -> Block {
        precondition((0..<blockCount(of: piece)).contains(number), "a block beyond the end of its piece")
        let offset = UInt32(number) * Block.maximumLength
        return Block(piece: piece, offset: offset, length: min(Block.maximumLength, length(of: piece) - offset))
    }

    /// The piece that holds the byte at `offset`. Traps at or beyond the blob's end.
    package func piece(containing offset: UInt64) -> PieceIndex {
        precondition(offset < size.rawValue, "an offset beyond the end of its blob")
        return PieceIndex(offset / UInt64(pieceLength))
    }

    /// The leaves under a piece's merkle root: 16 KiB leaves per full piece, or for a blob of one piece its leaves rounded
    /// up to a power of two (BEP 52: such a file's root is not padded to the piece length).
    package var leavesPerPieceRoot: Int {
        if pieceCount.rawValue > 1 { return Int(pieceLength / Block.maximumLength) }
        guard pieceCount.rawValue == 1 else { return 1 }
        var width = 1
        while width < blockCount(of: PieceIndex(rawValue: 0)) { width *= 2 }
        return width
    }
}
