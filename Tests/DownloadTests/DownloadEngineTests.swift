import Download
import Manifest
import Testing
import Units

/// The engine among simulated sources.
@Suite struct DownloadEngineTests {
    @Test(arguments: 0..<400 as Range<UInt64>)
    func `it ends while one good source remains`(seed: UInt64) throws {
        var world = try World(seed: seed)
        try world.run()
        #expect(world.engine.isComplete)
        #expect(world.engine.totals.useful.rawValue >= world.geometry.size.rawValue)
        #expect(world.banned.isSubset(of: world.liars))
        #expect(world.alive.isDisjoint(with: world.lied), "a lie was not found out")
    }

    private struct World {
        let geometry: PieceGeometry
        var engine: DownloadEngine
        var generator: SeededGenerator
        var liars: Set<SourceID> = []
        var banned: Set<SourceID> = []
        var queue: [(SourceID, Block)] = []
        /// Bad blocks that were taken, and whose they are.
        var bad: [Block: SourceID] = [:]
        /// Whoever had one of theirs in a whole piece.
        var lied: Set<SourceID> = []
        var alive: Set<SourceID> = []
        var now = BootTime.zero

        init(seed: UInt64) throws {
            generator = SeededGenerator(seed: seed)
            let size = ByteCount(rawValue: UInt64.random(in: 1...700_000, using: &generator))
            geometry = try #require(PieceGeometry(size: size, pieceLength: 65_536))
            engine = DownloadEngine(
                geometry: geometry,
                verified: PieceSet(capacity: geometry.pieceCount),
                policy: AssistPolicy(),
                seed: seed,
                at: .zero
            )
        }

        mutating func run() throws {
            var actions: [DownloadAction] = []
            for number in 0..<4 {
                let id = SourceID(rawValue: UInt64(number))
                alive.insert(id)
                if number > 0, Bool.random(using: &generator) { liars.insert(id) }
                let all = PieceSet(full: geometry.pieceCount)
                engine.sourceAdded(id, .agentPeer, has: all, isChoked: false, at: now, into: &actions)
            }
            engine.piecesProvable(Array(geometry.pieceCount.indices), at: now, into: &actions)
            perform(&actions)
            for _ in 0..<20_000 where !engine.isComplete { step() }
        }

        private mutating func step() {
            now = now + .milliseconds(5)
            var actions: [DownloadAction] = []
            if queue.isEmpty || Int.random(in: 0..<20, using: &generator) == 0 {
                now = now + .milliseconds(100)
                engine.tick(at: now, into: &actions)
            } else {
                let (source, block) = queue.remove(at: Int.random(in: 0..<queue.count, using: &generator))
                if alive.contains(source) { deliver(source, block, &actions) }
            }
            engine.checkInvariants()
            perform(&actions)
            engine.checkInvariants()
        }

        private mutating func deliver(_ source: SourceID, _ block: Block, _ actions: inout [DownloadAction]) {
            switch Int.random(in: 0..<50, using: &generator) {
            case 0: engine.requestRejected(source, block, at: now, into: &actions)
            case 1 where source.rawValue > 0:
                alive.remove(source)
                engine.sourceLost(source, at: now, into: &actions)
            default:
                let isBad = liars.contains(source) && Int.random(in: 0..<8, using: &generator) == 0
                if engine.blockArrived(source, block, at: now, into: &actions), isBad { bad[block] = source }
            }
        }

        private mutating func perform(_ actions: inout [DownloadAction]) {
            var rest = actions[...]
            while let action = rest.popFirst() {
                var more: [DownloadAction] = []
                switch action {
                case .request(let source, let blocks): queue += blocks.map { (source, $0) }
                case .cancel(let source, let blocks):
                    queue.removeAll { $0.0 == source && blocks.contains($0.1) }
                case .verify(let piece):
                    let lies = bad.filter { $0.key.piece == piece }
                    let fingerprints = (0..<geometry.blockCount(of: piece)).map { number in
                        lies[geometry.block(number, of: piece)].map { Int($0.rawValue) } ?? -1
                    }
                    for block in lies.keys { bad[block] = nil }
                    if lies.isEmpty {
                        engine.pieceVerified(piece, fingerprints: fingerprints, at: now, into: &more)
                    } else {
                        lied.formUnion(lies.values)
                        engine.pieceFailed(piece, fingerprints: fingerprints, at: now, into: &more)
                    }
                case .ban(let source):
                    banned.insert(source)
                    alive.remove(source)
                default: break
                }
                rest += more
            }
        }
    }
}
