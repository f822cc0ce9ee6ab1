internal import Manifest
internal import NIOCore
internal import Synchronization
internal import Units

/// Cuts the bytes of a range of one piece, as they arrive, into whole blocks.
final class BlockCutter: Sendable {
    private struct State {
        var at: UInt64
        var held = ByteBuffer()
    }

    private let geometry: PieceGeometry
    private let piece: PieceIndex
    private let range: ByteRange
    private let state: Mutex<State>

    /// The range starts and ends at block borders.
    init(geometry: PieceGeometry, piece: PieceIndex, range: ByteRange) {
        self.geometry = geometry
        self.piece = piece
        self.range = range
        self.state = Mutex(State(at: range.start))
    }

    var isDone: Bool { state.withLock { $0.at == range.end } }

    /// The blocks that are whole now; bytes beyond the range are dropped.
    func cut(_ bytes: ByteBuffer) -> [(block: Block, bytes: ByteBuffer)] {
        state.withLock { state in
            var blocks: [(block: Block, bytes: ByteBuffer)] = []
            state.held.writeImmutableBuffer(bytes)
            while state.at < range.end {
                let offset = state.at - geometry.range(of: piece).start
                let block = geometry.block(Int(offset / UInt64(Block.maximumLength)), of: piece)
                guard let whole = state.held.readSlice(length: Int(block.length)) else { break }
                blocks.append((block, whole))
                state.at += UInt64(block.length)
            }
            state.held.discardReadBytes()
            return blocks
        }
    }
}
