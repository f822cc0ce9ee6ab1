internal import Manifest
internal import NIOCore
internal import Units

/// The bytes of pieces that are partly received, in memory until they are whole and proven.
struct PieceAssembly {
    private let geometry: PieceGeometry
    private var buffers: [PieceIndex: ByteBuffer] = [:]
    /// One that is not needed any more: the next piece takes it, and the kernel need not clear that much memory anew.
    private var spare: ByteBuffer?

    init(geometry: PieceGeometry) { self.geometry = geometry }

    mutating func add(_ block: Block, _ bytes: ByteBuffer) {
        precondition(bytes.readableBytes == Int(block.length), "a block of the wrong length")
        let length = Int(geometry.length(of: block.piece))
        var buffer = buffers.removeValue(forKey: block.piece) ?? unfilled(length)
        buffer.setBuffer(bytes, at: Int(block.offset))
        buffers[block.piece] = buffer
    }

    /// Room for a piece; a page of it costs memory once a block is there. Every byte is written before the piece is taken.
    private mutating func unfilled(_ length: Int) -> ByteBuffer {
        var buffer = spare ?? ByteBuffer()
        spare = nil
        // Where somebody still holds its bytes this takes other memory.
        buffer.clear(minimumCapacity: length)
        buffer.moveWriterIndex(to: length)
        return buffer
    }

    /// What each block of a piece is like.
    func fingerprints(_ piece: PieceIndex, _ bytes: ByteBuffer) -> [Int] {
        (0..<geometry.blockCount(of: piece)).map { number in
            let block = geometry.block(number, of: piece)
            return bytes.getSlice(at: Int(block.offset), length: Int(block.length)).hashValue
        }
    }

    /// The whole piece; it is not kept any longer.
    mutating func take(_ piece: PieceIndex) -> ByteBuffer? { buffers.removeValue(forKey: piece) }

    /// The bytes of a piece that was taken and is stored now.
    mutating func reuse(_ bytes: ByteBuffer) { spare = bytes }

    mutating func discard(_ piece: PieceIndex) { buffers.removeValue(forKey: piece) }
}
