import Manifest
import Testing
import Units

@testable import BitTorrent

@Suite struct PeerConnectionStateTests {
    private func makeState(pieces: UInt64 = 10, speaksFast: Bool = true) throws -> PeerConnectionState {
        let geometry = try #require(PieceGeometry(size: ByteCount(rawValue: pieces * 65_536), pieceLength: 65_536))
        return PeerConnectionState(geometry: geometry, speaksFast: speaksFast)
    }

    private func messages(
        _ messages: [PeerMessage],
        to state: inout PeerConnectionState,
        have: Bool = true
    ) throws -> [PeerAction] {
        var actions: [PeerAction] = []
        for message in messages { try state.messageArrived(message, have: { _ in have }, into: &actions) }
        return actions
    }

    @Test func `a late bit field adds what it says and takes nothing back`() throws {
        var state = try makeState()
        let first = try messages([.haveNone], to: &state)
        #expect(first == [.peerHasSet(PieceSet(capacity: PieceCount(10)))])
        let later = try messages([.have(PieceIndex(1)), .bitField([0b1000_0010, 0b0100_0000])], to: &state)
        #expect(later == [.peerHas([PieceIndex(1)]), .peerHas([PieceIndex(0), PieceIndex(6), PieceIndex(9)])])
        #expect(state.peerPieces.pieces.map(\.rawValue) == [0, 1, 6, 9])
        let again = try messages([.bitField([0b1000_0000, 0])], to: &state)
        #expect(again.isEmpty && state.droppedMessages == 1)
    }

    @Test func `a bit field with bits past the end breaks the protocol`() throws {
        var state = try makeState()
        #expect(throws: WireError.badBitField) { try messages([.bitField([0, 0b0010_0000])], to: &state) }
    }

    @Test func `a request past the piece's end breaks the protocol`() throws {
        var state = try makeState()
        let block = Block(piece: PieceIndex(0), offset: 65_536 - 10, length: 16_384)
        #expect(throws: WireError.pieceOutOfRange) { try messages([.request(block)], to: &state) }
        let far = Block(piece: PieceIndex(10), offset: 0, length: 16_384)
        #expect(throws: WireError.pieceOutOfRange) { try messages([.request(far)], to: &state) }
    }

    @Test func `what is asked while choked is rejected, where the peer knows rejects`() throws {
        let block = Block(piece: PieceIndex(0), offset: 0, length: 16_384)
        var fast = try makeState()
        let rejected = try messages([.request(block)], to: &fast)
        #expect(rejected == [.send(.reject(block))])
        var slow = try makeState(speaksFast: false)
        let dropped = try messages([.request(block)], to: &slow)
        #expect(dropped.isEmpty && slow.droppedMessages == 1)
    }

    @Test func `a choke drops what waits to be sent`() throws {
        let block = Block(piece: PieceIndex(0), offset: 0, length: 16_384)
        var state = try makeState()
        var actions: [PeerAction] = []
        state.setChoking(false, into: &actions)
        actions += try messages([.request(block)], to: &state)
        #expect(state.queuedUploads == 1)
        actions.removeAll()
        state.setChoking(true, into: &actions)
        #expect(actions == [.send(.choke), .send(.reject(block))] && state.nextUpload() == nil)
    }

    @Test func `a block that was not asked for is dropped, and one that was counts once`() throws {
        let block = Block(piece: PieceIndex(3), offset: 0, length: 16_384)
        var state = try makeState()
        let unasked = try messages([.haveAll, .unchoke, .piece(block)], to: &state)
        #expect(unasked.count == 2 && state.droppedMessages == 1)
        let mayAsk = state.request(block, at: .zero)
        let twice = state.request(block, at: .zero)
        #expect(mayAsk && !twice)
        let received = try messages([.piece(block), .piece(block)], to: &state)
        #expect(received == [.received(block)])
    }
}
