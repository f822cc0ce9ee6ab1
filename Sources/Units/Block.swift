/// A transfer unit of up to 16 KiB within a piece (BEP 3).
package struct Block: Hashable, Comparable, Sendable {
    /// 16 KiB.
    package static let maximumLength: UInt32 = 16_384
    package let piece: PieceIndex
    /// Offset within the piece, in bytes.
    package let offset: UInt32
    /// 1 to 16,384 bytes.
    package let length: UInt32
    package init(piece: PieceIndex, offset: UInt32, length: UInt32) {
        self.piece = piece
        self.offset = offset
        self.length = length
    }
    package static func < (left: Block, right: Block) -> Bool {
        (left.piece, left.offset) < (right.piece, right.offset)
    }
}
