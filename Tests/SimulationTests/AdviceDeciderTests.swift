import BitTorrent
import Manifest
import Testing
import Units

@testable import Swarm

/// Properties of the deciders that spread what is new among peers.
@Suite struct AdviceDeciderTests {
    private typealias Advisor = PieceAdvisor<Int>

    /// Who has what, who was told what, and what we have.
    private struct Advised {
        var has: [Int: Set<PieceIndex>] = [:]
        var told: [Int: [PieceIndex]] = [:]
        var available: Set<PieceIndex> = []

        func copies(_ piece: PieceIndex) -> Int {
            has.keys.count { has[$0]?.contains(piece) == true || told[$0]?.contains(piece) == true }
        }

        /// `isFilled`: the advice fills one peer's room with the rarest.
        mutating func note(_ advice: [Advisor.Advice], isFilled: Bool) throws {
            for one in advice {
                try hold(available.contains(one.piece), "a peer is told to take what is not here")
                try hold(has[one.peer]?.contains(one.piece) == false, "a peer that left, or has it, is told")
                try hold(told[one.peer]?.contains(one.piece) != true, "a peer is told twice")
                let missing = available.subtracting(has[one.peer] ?? []).subtracting(told[one.peer] ?? [])
                let rarest = missing.map(copies).min() ?? 0
                try hold(!isFilled || copies(one.piece) == rarest, "a second copy before the first of another")
                told[one.peer, default: []].append(one.piece)
                try hold(told[one.peer]?.count ?? 0 <= Advisor.largestWindow, "too much is open")
            }
        }
    }

    @Test(arguments: Seeds.blocks)
    func `first copies go before second ones, and every peer gets every piece in the end`(block: Range<UInt64>) {
        Seeds.each(in: block) { seed, generator in
            let count = PieceCount(generator.pick(1...9))
            var advisor = Advisor(available: PieceSet(capacity: count), seed: seed)
            var world = Advised()
            var now = BootTime.zero
            // Not so long that a suggestion is forgotten.
            for step in 0..<30 {
                now = now + .milliseconds(generator.pick(0...90))
                let piece = PieceIndex(generator.pick(0...count.int - 1))
                let peer = world.has.keys.sorted().randomElement(using: &generator)
                switch generator.pick(0...9) {
                case 0 where world.has.count < 5:
                    advisor.peerJoined(step)
                    world.has[step] = []
                case 1:
                    guard let peer else { continue }
                    advisor.peerLeft(peer)
                    world.has[peer] = nil
                    world.told[peer] = nil
                case 2, 3, 4:
                    world.available.insert(piece)
                    try world.note(advisor.pieceAvailable(piece, at: now), isFilled: false)
                case 5 where generator.chance(3):
                    advisor.piecesWithdrawn([piece])
                    world.available.remove(piece)
                    for peer in world.told.keys { world.told[peer]?.removeAll { $0 == piece } }
                case 6: try world.note(advisor.tick(at: now), isFilled: true)
                default:
                    // What it was told to take, or what another gave it.
                    guard let peer, let took = generator.chance(4) ? piece : world.told[peer]?.first else { continue }
                    world.told[peer]?.removeAll { $0 == took }
                    world.has[peer]?.insert(took)
                    try world.note(advisor.peerHas(peer, [took], at: now), isFilled: true)
                }
                advisor.checkInvariants()
            }
            for piece in count.indices where world.available.insert(piece).inserted {
                try world.note(advisor.pieceAvailable(piece, at: now), isFilled: false)
            }
            for _ in 0..<count.int * 2 + 2 {
                now = now + .milliseconds(100)
                try world.note(advisor.tick(at: now), isFilled: true)
                for peer in world.has.keys.sorted() {
                    let took = world.told.removeValue(forKey: peer) ?? []
                    world.has[peer]?.formUnion(took)
                    try world.note(advisor.peerHas(peer, took, at: now), isFilled: true)
                }
            }
            try hold(world.has.values.allSatisfy { $0.count == count.int }, "a peer never gets a piece")
        }
    }

    @Test(arguments: Seeds.blocks)
    func `a proof is asked for of those who have the piece, one at a time, until it is there`(block: Range<UInt64>) {
        Seeds.each(in: block) { _, generator in
            var proofs = MissingProofs<Int>()
            let patience = MissingProofs<Int>.patience
            var now = BootTime.zero
            var owners: [PieceIndex: Set<Int>] = [:]
            var last: [PieceIndex: BootTime] = [:]
            var asked: [PieceIndex: [Int]] = [:]
            func ask() throws {
                for (peer, pieces) in proofs.tick(at: now) {
                    for piece in pieces.indices.map({ PieceIndex(rawValue: $0) }) {
                        try hold(owners[piece]?.contains(peer) == true, "one is asked who does not have it, or is gone")
                        try hold(last[piece].map { now - $0 >= patience } ?? true, "asked again before it could answer")
                        last[piece] = now
                        asked[piece, default: []].append(peer)
                    }
                }
            }
            for _ in 0..<40 {
                now = now + .milliseconds(generator.pick(0...200))
                let (peer, piece) = (generator.pick(0...3), PieceIndex(generator.pick(0...9)))
                switch generator.pick(0...9) {
                case 0, 1, 2, 3:
                    proofs.peerHas(peer, [piece], at: now)
                    if owners[piece]?.isEmpty ?? true { last[piece] = nil }
                    owners[piece, default: []].insert(peer)
                case 4:
                    proofs.covered([piece])
                    owners[piece] = nil
                    last[piece] = nil
                case 5:
                    proofs.peerLeft(peer)
                    for piece in owners.keys { owners[piece]?.remove(peer) }
                default: try ask()
                }
            }
            // Whoever has a piece is asked in turn while nobody answers.
            asked = [:]
            for _ in 0..<6 {
                now = now + patience
                try ask()
            }
            for (piece, peers) in owners {
                try hold(Set(asked[piece] ?? []) == peers, "somebody who has piece \(piece.rawValue) is never asked")
            }
        }
    }

    @Test(arguments: Seeds.blocks)
    func `a HAVE waits for its proof or a second, and goes out once`(block: Range<UInt64>) {
        Seeds.each(in: block) { _, generator in
            var held = HeldPieces()
            var ticksSince: [PieceIndex: Int] = [:]
            for step in 0..<40 {
                switch generator.pick(0...4) {
                case 0, 1:
                    held.hold(PieceIndex(step))
                    ticksSince[PieceIndex(step)] = 0
                case 2:
                    let proven = Set(ticksSince.keys.filter { _ in generator.chance(3) })
                    let released = held.covered { proven.contains($0) }
                    try hold(released.count == proven.count && Set(released) == proven, "not what is proven goes out")
                    for piece in released { ticksSince[piece] = nil }
                case 3:
                    let gone = Set(ticksSince.keys.filter { _ in generator.chance(5) })
                    held.forget(gone)
                    for piece in gone { ticksSince[piece] = nil }
                default:
                    let released = held.ticked()
                    try hold(Set(released).count == released.count, "a HAVE goes out twice")
                    for piece in released {
                        // The tick that comes next may be at once; a second is between that and the one after.
                        try hold(ticksSince.removeValue(forKey: piece) != nil, "what was proven or is gone goes out")
                    }
                    for piece in ticksSince.keys { ticksSince[piece, default: 0] += 1 }
                    try hold(ticksSince.values.allSatisfy { $0 < 2 }, "a HAVE waits for more than two ticks")
                }
            }
        }
    }
}
