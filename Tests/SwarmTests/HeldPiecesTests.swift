import Testing
import Units

@testable import Swarm

@Suite struct HeldPiecesTests {
    @Test func `a piece that is covered while the others are looked at is not lost`() {
        var held = HeldPieces()
        let all = (0..<4).map { PieceIndex($0) }
        for piece in all { held.hold(piece) }
        // Each look covers one piece more, as a batch on another thread does.
        var looks = 0
        var released: [PieceIndex] = []
        for _ in 0..<4 {
            released += held.covered { piece in
                looks += 1
                return piece.rawValue * 3 < looks
            }
        }
        #expect(released.sorted() == all)
    }

    @Test func `a piece waits one to two ticks`() {
        var held = HeldPieces()
        held.hold(PieceIndex(1))
        #expect(held.ticked().isEmpty)
        held.hold(PieceIndex(2))
        #expect(held.ticked() == [PieceIndex(1), PieceIndex(2)])
        #expect(held.ticked().isEmpty)
    }
}
