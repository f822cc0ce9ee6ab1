import Manifest
import Testing
import Units

@testable import Node

@Suite struct PullQueueTests {
    private let none = PieceSet(capacity: PieceCount(16))

    private func pieces(_ indices: Int...) -> [PieceIndex] { indices.map { PieceIndex($0) } }

    @Test func `runs of neighbouring pieces are handed out once each, and come back`() {
        let queue = PullQueue()
        queue.replace(with: pieces(0, 1, 2, 5, 6), asOf: queue.revision)
        #expect(queue.next(over: 0, atMost: 2, without: none) == pieces(0, 1))
        #expect(queue.next(over: 0, atMost: 9, without: none) == pieces(2))
        #expect(queue.next(over: 0, atMost: 9, without: none) == pieces(5, 6))
        #expect(queue.next(over: 0, atMost: 9, without: none) == nil)
        queue.done(pieces(2), returning: pieces(2))
        #expect(queue.next(over: 0, atMost: 9, without: none) == pieces(2))
    }

    @Test func `what is under way or has come meanwhile is not handed out again`() {
        let queue = PullQueue()
        queue.replace(with: pieces(0, 1, 2, 3), asOf: queue.revision)
        #expect(queue.next(over: 0, atMost: 2, without: none) == pieces(0, 1))
        // What is wanted was put together before 2 came.
        queue.replace(with: pieces(0, 1, 2, 3), asOf: queue.revision)
        var available = none
        available.insert(PieceIndex(2))
        #expect(queue.next(over: 0, atMost: 9, without: available) == pieces(3))
        #expect(queue.next(over: 0, atMost: 9, without: available) == nil)
    }

    @Test func `what is left to another relay is not handed out until that is forgotten`() {
        let queue = PullQueue()
        queue.replace(with: pieces(0, 1, 2, 3), asOf: queue.revision)
        #expect(queue.next(over: 0, atMost: 2, without: none) == pieces(0, 1))
        #expect(queue.withdraw(pieces(1, 2, 3)) == pieces(2, 3), "1 is under way")
        queue.replace(with: pieces(2, 3), asOf: queue.revision)
        #expect(queue.next(over: 0, atMost: 9, without: none) == nil)
        queue.granted()
        queue.replace(with: pieces(2, 3), asOf: queue.revision)
        #expect(queue.next(over: 0, atMost: 9, without: none) == pieces(2, 3))
    }

    @Test func `what was wanted under an older grant is not pulled under the next`() {
        let queue = PullQueue()
        let before = queue.revision
        queue.replace(with: pieces(0, 1, 2, 3), asOf: before)
        #expect(queue.withdraw(pieces(2, 3)) == pieces(2, 3))
        // The other relay has them by now, and the list that still names them was begun before.
        queue.granted()
        queue.replace(with: pieces(0, 1, 2, 3), asOf: before)
        #expect(queue.next(over: 0, atMost: 9, without: none) == pieces(0, 1))
        #expect(queue.next(over: 0, atMost: 9, without: none) == nil)
    }

    @Test(.timeLimit(.minutes(1))) func `who waits is woken by work, and by the end`() async {
        let queue = PullQueue()
        async let first = queue.awaitWork(over: 0)
        queue.replace(with: pieces(7), asOf: queue.revision)
        #expect(await first)
        #expect(queue.next(over: 0, atMost: 1, without: none) == pieces(7))
        async let second = queue.awaitWork(over: 0)
        queue.stop()
        let goesOn = await second
        #expect(!goesOn)
        #expect(queue.next(over: 0, atMost: 1, without: none) == nil)
    }

    @Test func `a second connection gets pieces only once one is not enough`() {
        let queue = PullQueue()
        queue.replace(with: pieces(0, 1), asOf: queue.revision)
        #expect(queue.next(over: 1, atMost: 1, without: none) == nil)
        #expect(queue.next(over: 0, atMost: 1, without: none) == pieces(0))
    }
}
