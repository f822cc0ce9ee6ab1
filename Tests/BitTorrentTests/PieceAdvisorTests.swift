import Testing
import Units

@testable import BitTorrent

@Suite struct PieceAdvisorTests {
    @Test func `first copies go to different peers before a second copy of any`() {
        var advisor = PieceAdvisor<Int>(available: PieceSet(capacity: PieceCount(8)), seed: 1)
        for peer in 0..<4 { advisor.peerJoined(peer) }
        let first = (0..<4).flatMap { advisor.pieceAvailable(PieceIndex($0), at: .zero) }
        #expect(Set(first.map(\.peer)).count == 4 && Set(first.map(\.piece)).count == 4)
        advisor.checkInvariants()
        // What is new goes out before anything goes out twice.
        let next = advisor.pieceAvailable(PieceIndex(4), at: .zero)
        #expect(next.map(\.piece) == [PieceIndex(4)])
        let second = advisor.tick(at: .zero)
        let repeated = Set(second).intersection(first + next)
        #expect(!second.isEmpty && repeated.isEmpty)
        advisor.checkInvariants()
    }

    @Test func `a peer that is quick gets more room and a slow one less`() {
        func openAfter(_ answer: Duration) -> Int {
            var advisor = PieceAdvisor<Int>(available: PieceSet(full: PieceCount(500)), seed: 1)
            advisor.peerJoined(1)
            var now = BootTime.zero
            var open = advisor.tick(at: now).map(\.piece)
            for _ in 0..<10 {
                now = now + answer
                open += advisor.peerHas(1, [open.removeFirst()], at: now).map(\.piece)
            }
            return open.count
        }
        #expect(openAfter(.milliseconds(100)) > PieceAdvisor<Int>.initialWindow)
        #expect(openAfter(.milliseconds(2_500)) == PieceAdvisor<Int>.smallestWindow)
    }

    @Test(arguments: 0..<300 as Range<UInt64>)
    func `whatever happens, copies are counted right and every peer gets every piece in the end`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let count = PieceCount(Int.random(in: 1...60, using: &generator))
        var advisor = PieceAdvisor<Int>(available: PieceSet(capacity: count), seed: seed)
        var told: [Int: [PieceIndex]] = [:]
        var has: [Int: PieceSet] = [:]
        var now = BootTime.zero
        func note(_ advice: [PieceAdvisor<Int>.Advice]) {
            for one in advice { told[one.peer, default: []].append(one.piece) }
        }
        var next = 0
        for step in 0..<3_000 {
            now = now + .milliseconds(Int64.random(in: 0...50, using: &generator))
            switch Int.random(in: 0..<10, using: &generator) {
            case 0 where has.count < 6:
                advisor.peerJoined(step)
                has[step] = PieceSet(capacity: count)
            case 1 where step < 2_000:
                guard let peer = has.keys.sorted().randomElement(using: &generator) else { continue }
                advisor.peerLeft(peer)
                has[peer] = nil
                told[peer] = nil
            case 2 where next < count.int:
                note(advisor.pieceAvailable(PieceIndex(next), at: now))
                next += 1
            case 3: note(advisor.tick(at: now))
            default:
                guard let peer = has.keys.sorted().randomElement(using: &generator), told[peer]?.isEmpty == false,
                    let piece = told[peer]?.removeFirst()
                else { continue }
                has[peer]?.insert(piece)
                note(advisor.peerHas(peer, [piece], at: now))
            }
            advisor.checkInvariants()
        }
        while next < count.int {
            note(advisor.pieceAvailable(PieceIndex(next), at: now))
            next += 1
        }
        for _ in 0..<2_000 where has.values.contains(where: { !$0.isFull }) {
            now = now + .milliseconds(100)
            note(advisor.tick(at: now))
            for peer in has.keys.sorted() {
                let pieces = told[peer] ?? []
                told[peer] = []
                for piece in pieces { has[peer]?.insert(piece) }
                note(advisor.peerHas(peer, pieces, at: now))
            }
        }
        let incomplete = has.values.filter { !$0.isFull }
        #expect(incomplete.isEmpty)
    }
}
