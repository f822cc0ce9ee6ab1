import Download
import Manifest
import Testing
import Units

/// One peer and one relay over HTTP, on a clock of 100 ms steps.
@Suite struct AssistFillTests {
    private struct World {
        let geometry: PieceGeometry
        var engine: DownloadEngine
        var now = BootTime.zero
        var owed: [SourceID: [Block]] = [:]
        var fetched: UInt64 = 0
        var reasons: [AssistReason] = []
        var cancelled = 0
        let relay = SourceID(rawValue: 1)

        init(mebibytes: UInt64, policy: AssistPolicy, peers: Int) throws {
            geometry = try #require(PieceGeometry(size: .mebibytes(mebibytes), pieceLength: 65_536))
            engine = DownloadEngine(
                geometry: geometry,
                verified: PieceSet(capacity: geometry.pieceCount),
                policy: policy,
                seed: 1,
                at: now
            )
            var actions: [DownloadAction] = []
            engine.piecesProvable(Array(geometry.pieceCount.indices), at: now, into: &actions)
            let all = PieceSet(full: geometry.pieceCount)
            engine.sourceAdded(relay, .relayHTTP, has: all, isChoked: false, at: now, into: &actions)
            for number in 0..<peers {
                let id = SourceID(rawValue: UInt64(number + 1) * 2)
                engine.sourceAdded(id, .agentPeer, has: all, isChoked: false, at: now, into: &actions)
            }
            perform(actions)
        }

        mutating func perform(_ actions: [DownloadAction]) {
            var rest = actions[...]
            while let action = rest.popFirst() {
                var more: [DownloadAction] = []
                switch action {
                case .request(let id, let blocks): owed[id, default: []] += blocks
                case .cancel(let id, let blocks):
                    owed[id]?.removeAll { blocks.contains($0) }
                    cancelled += blocks.count
                case .fetch(let id, let piece, let range):
                    fetched += range.count.rawValue
                    let start = range.start - geometry.range(of: piece).start
                    for number in Int(start) / 16_384..<(Int(start) + range.count.int + 16_383) / 16_384 {
                        _ = engine.blockArrived(id, geometry.block(number, of: piece), at: now, into: &more)
                    }
                    engine.fetchEnded(id, piece, failed: false, at: now, into: &more)
                case .verify(let piece): engine.pieceVerified(piece, at: now, into: &more)
                case .startAssist(let reason): reasons.append(reason)
                default: break
                }
                rest += more
            }
            engine.checkInvariants()
        }

        /// A tenth of a second in which each peer brings so many blocks.
        mutating func step(blocks: (SourceID) -> Int) {
            now = now + .milliseconds(100)
            var actions: [DownloadAction] = []
            for id in owed.keys.sorted() {
                for _ in 0..<blocks(id) {
                    guard let block = owed[id]?.first else { break }
                    owed[id]?.removeFirst()
                    _ = engine.blockArrived(id, block, at: now, into: &actions)
                    perform(actions)
                    actions = []
                }
            }
            engine.httpAnswered(at: now)
            engine.tick(at: now, into: &actions)
            perform(actions)
        }
    }

    @Test func `HTTP fills a slow swarm up to the floor and not beyond`() throws {
        var policy = AssistPolicy()
        policy.slowDuration = .seconds(2)
        var world = try World(mebibytes: 64, policy: policy, peers: 1)
        // 2 blocks in 100 ms are 327,680 bytes per second; the floor is 1,000,000.
        for _ in 0..<20 { world.step { _ in 2 } }
        #expect(world.fetched == 0)
        for _ in 0..<200 { world.step { _ in 2 } }
        let needed = (1_000_000.0 - 327_680) * 20
        #expect(Double(world.fetched) < needed * 1.1)
        #expect(Double(world.fetched) > needed * 0.9)
        #expect(world.reasons.count == 1)
    }

    @Test func `a promise is kept from two seconds on`() throws {
        var policy = AssistPolicy()
        policy.slowRate = .zero
        policy.slowDuration = .seconds(2)
        policy.minimumRate = BytesPerSecond(rawValue: 2_000_000)
        var world = try World(mebibytes: 64, policy: policy, peers: 1)
        for _ in 0..<120 { world.step { _ in 2 } }
        let needed = (2_000_000.0 - 327_680) * 10
        #expect(abs(Double(world.fetched) - needed) < needed * 0.1)
    }

    @Test func `of a network without BitTorrent HTTP takes all that it can`() throws {
        var world = try World(mebibytes: 4, policy: AssistPolicy(), peers: 0)
        for _ in 0..<49 { world.step { _ in 0 } }
        #expect(world.fetched == 0)
        for _ in 0..<3 { world.step { _ in 0 } }
        #expect(world.engine.isComplete)
    }

    @Test func `a limit holds over peers and HTTP together`() throws {
        var policy = AssistPolicy()
        policy.slowDuration = .seconds(1)
        var world = try World(mebibytes: 64, policy: policy, peers: 3)
        world.engine.rateLimited(to: BytesPerSecond(rawValue: 400_000), at: world.now)
        let before = world.engine.totals.useful.rawValue
        for _ in 0..<100 { world.step { _ in 100 } }
        let received = world.engine.totals.useful.rawValue - before
        // What was asked for before the limit may still come.
        #expect(received < 400_000 * 10 + 80_000 + 4 * 3 * 16_384 + 16_384 * 20)
        #expect(received > 400_000 * 9)
    }

    @Test func `a pause asks for nothing and starts no assist`() throws {
        var world = try World(mebibytes: 64, policy: AssistPolicy(), peers: 1)
        for _ in 0..<5 { world.step { _ in 100 } }
        world.engine.rateLimited(to: .zero, at: world.now)
        for _ in 0..<20 { world.step { _ in 100 } }
        let before = world.engine.totals.useful
        for _ in 0..<4_000 { world.step { _ in 100 } }
        #expect(world.engine.totals.useful == before)
        #expect(world.reasons.isEmpty)
        world.engine.rateLimited(to: nil, at: world.now)
        for _ in 0..<400 where !world.engine.isComplete { world.step { _ in 100 } }
        #expect(world.engine.isComplete)
    }

    @Test(arguments: 1...4)
    func `peers that fall silent cost at most a second`(silent: Int) throws {
        var policy = AssistPolicy()
        policy.isDisabled = true
        func seconds(dead: Set<SourceID>) throws -> Double {
            var world = try World(mebibytes: 8, policy: policy, peers: silent + 1)
            // All are quick at first; the dead ones stop when half is there.
            var isHalf = false
            for _ in 0..<600 where !world.engine.isComplete {
                isHalf = isHalf || world.engine.verifiedBytes.rawValue > 4 << 20
                world.step { id in
                    if dead.isEmpty { return id.rawValue == 2 || !isHalf ? 10 : 0 }
                    return dead.contains(id) && isHalf ? 0 : 10
                }
                if isHalf, dead.isEmpty {
                    // They say that they leave.
                    for number in 1...silent {
                        var actions: [DownloadAction] = []
                        let id = SourceID(rawValue: UInt64(number + 1) * 2)
                        world.owed[id] = []
                        world.engine.sourceLost(id, at: world.now, into: &actions)
                        world.perform(actions)
                    }
                }
            }
            #expect(world.engine.isComplete)
            return (world.now - .zero).seconds
        }
        let said = try seconds(dead: [])
        let unsaid = try seconds(dead: Set((1...silent).map { SourceID(rawValue: UInt64($0 + 1) * 2) }))
        #expect(unsaid <= said + 1)
    }
}
