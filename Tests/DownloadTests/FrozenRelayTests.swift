import Download
import Manifest
import Testing
import Units

/// Relays that take requests over HTTP and send nothing.
@Suite struct FrozenRelayTests {
    private let frozen = SourceID(rawValue: 1)
    private let living = SourceID(rawValue: 3)

    /// Two relays without BitTorrent; what each is asked for.
    private struct World {
        let geometry: PieceGeometry
        var engine: DownloadEngine
        var now = BootTime.zero
        var asked: [SourceID: Set<PieceIndex>] = [:]
        var wantsOrigin = false

        init(relays: [SourceID], provable: Bool) throws {
            geometry = try #require(PieceGeometry(size: .mebibytes(4), pieceLength: 65_536))
            var policy = AssistPolicy()
            policy.bitTorrentIsDisabled = true
            engine = DownloadEngine(
                geometry: geometry,
                verified: PieceSet(capacity: geometry.pieceCount),
                policy: policy,
                seed: 1,
                at: now
            )
            var actions: [DownloadAction] = []
            if provable { engine.piecesProvable(Array(geometry.pieceCount.indices), at: now, into: &actions) }
            let all = PieceSet(full: geometry.pieceCount)
            for relay in relays {
                engine.sourceAdded(relay, .relayHTTP, has: all, isChoked: false, at: now, into: &actions)
            }
            perform(actions, answering: [])
        }

        mutating func perform(_ actions: [DownloadAction], answering: Set<SourceID>) {
            var rest = actions[...]
            while let action = rest.popFirst() {
                var more: [DownloadAction] = []
                switch action {
                case .fetch(let id, let piece, _):
                    guard answering.contains(id) else {
                        asked[id, default: []].insert(piece)
                        continue
                    }
                    for number in 0..<geometry.blockCount(of: piece) {
                        _ = engine.blockArrived(id, geometry.block(number, of: piece), at: now, into: &more)
                    }
                    engine.fetchEnded(id, piece, failed: false, at: now, into: &more)
                case .cancelFetch(let id, let piece): asked[id]?.remove(piece)
                case .verify(let piece): engine.pieceVerified(piece, at: now, into: &more)
                case .wantOrigin(let wanted): wantsOrigin = wanted
                default: break
                }
                rest += more
            }
            engine.checkInvariants()
        }

        mutating func run(_ time: Duration, answering: Set<SourceID>) {
            let end = now + time
            while now < end, !engine.isComplete {
                now = now + .milliseconds(100)
                var actions: [DownloadAction] = []
                engine.tick(at: now, into: &actions)
                perform(actions, answering: answering)
            }
        }
    }

    @Test func `what a frozen relay owes is brought by another`() throws {
        var world = try World(relays: [frozen, living], provable: true)
        world.run(.seconds(5), answering: [living])
        #expect(world.engine.isComplete)
    }

    @Test func `where the only relay is frozen the origin is asked for`() throws {
        var world = try World(relays: [frozen], provable: true)
        world.run(.seconds(9), answering: [])
        #expect(!world.wantsOrigin)
        #expect(world.asked[frozen]?.isEmpty == false)
        world.run(.seconds(40), answering: [])
        #expect(world.wantsOrigin)
    }

    @Test func `a relay that waits for pieces itself is waited for`() throws {
        var world = try World(relays: [frozen, living], provable: false)
        world.run(.seconds(60), answering: [])
        #expect(!world.wantsOrigin)
        let both = [frozen, living].map { world.asked[$0] ?? [] }
        #expect(both.allSatisfy { !$0.isEmpty } && both[0].isDisjoint(with: both[1]))
    }

    @Test func `no connection to the origin is kept through a pause`() throws {
        var world = try World(relays: [], provable: true)
        world.run(.seconds(1), answering: [])
        #expect(world.wantsOrigin)
        world.engine.rateLimited(to: .zero, at: world.now)
        world.run(.seconds(1), answering: [])
        #expect(!world.wantsOrigin)
    }

    @Test func `what a limited node asked a lost peer for is asked of another at once`() throws {
        let peers = [SourceID(rawValue: 2), SourceID(rawValue: 4)]
        let geometry = try #require(PieceGeometry(size: .mebibytes(4), pieceLength: 65_536))
        var engine = DownloadEngine(
            geometry: geometry,
            verified: PieceSet(capacity: geometry.pieceCount),
            policy: AssistPolicy(),
            seed: 1,
            at: .zero
        )
        engine.rateLimited(to: BytesPerSecond(rawValue: 163_840), at: .zero)
        var actions: [DownloadAction] = []
        let now = BootTime.zero + .milliseconds(200)
        let all = PieceSet(full: geometry.pieceCount)
        engine.sourceAdded(peers[0], .agentPeer, has: all, isChoked: false, at: now, into: &actions)
        engine.sourceAdded(peers[1], .agentPeer, has: all, isChoked: false, at: now, into: &actions)
        let blocks = { (peer: SourceID) in
            actions.reduce(0) { if case .request(peer, let blocks) = $1 { $0 + blocks.count } else { $0 } }
        }
        #expect(blocks(peers[0]) == 2 && blocks(peers[1]) == 0)
        engine.sourceLost(peers[0], at: now, into: &actions)
        #expect(blocks(peers[1]) == 2)
    }
}
