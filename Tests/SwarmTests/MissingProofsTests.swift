import Testing
import Units

@testable import Swarm

@Suite struct MissingProofsTests {
    private let start = BootTime.zero

    private func range(_ indices: Range<UInt32>) throws -> PieceRange { try #require(PieceRange(indices)) }

    @Test func `a batch is asked for after a while, of one peer, and of the next one if that does not answer`() throws {
        var proofs = MissingProofs<Int>()
        proofs.peerHas(1, [PieceIndex(4), PieceIndex(5), PieceIndex(9)], at: start)
        proofs.peerHas(2, [PieceIndex(4)], at: start)
        #expect(proofs.tick(at: start + .milliseconds(399)).isEmpty)
        let first = proofs.tick(at: start + .milliseconds(400))
        #expect(first.allSatisfy { $0.peer == 1 })
        let asked = first.map(\.pieces)
        #expect(asked == [try range(4..<6), try range(9..<10)])
        #expect(proofs.tick(at: start + .milliseconds(700)).isEmpty, "it may still answer")
        let second = proofs.tick(at: start + .milliseconds(800))
        let ofTheOther = second.filter { $0.peer == 2 }.map(\.pieces)
        #expect(ofTheOther == [try range(4..<5)])
    }

    @Test func `nothing is asked for once it is covered or nobody has it`() {
        var proofs = MissingProofs<Int>()
        proofs.peerHas(1, [PieceIndex(0), PieceIndex(1)], at: start)
        proofs.peerHas(2, [PieceIndex(2)], at: start)
        proofs.covered([PieceIndex(0), PieceIndex(1)])
        proofs.peerLeft(2)
        #expect(proofs.tick(at: start + .seconds(9)).isEmpty)
    }
}
