import Download
import Manifest
import Testing
import Units

/// What a peer that has died, or chokes for good, costs the others.
@Suite struct DeadPeerTests {
    private let dead = SourceID(rawValue: 2)
    private let living = SourceID(rawValue: 4)

    /// Two peers with everything that share; what each is asked for and has not sent yet.
    private struct World {
        var engine: DownloadEngine
        var now = BootTime.zero
        var asked: [SourceID: [Block]] = [:]
        var actions: [DownloadAction] = []

        init(pieces: Int, pieceLength: UInt32, peers: [SourceID]) throws {
            let size = ByteCount(pieces * Int(pieceLength))
            let geometry = try #require(PieceGeometry(size: size, pieceLength: pieceLength))
            engine = DownloadEngine(
                geometry: geometry,
                verified: PieceSet(capacity: geometry.pieceCount),
                policy: AssistPolicy(),
                seed: 1,
                at: .zero
            )
            engine.piecesProvable(Array(geometry.pieceCount.indices), at: now, into: &actions)
            for peer in peers {
                let all = PieceSet(full: geometry.pieceCount)
                engine.sourceAdded(peer, .agentPeer, has: all, isChoked: false, at: now, into: &actions)
            }
            perform()
        }

        mutating func perform() {
            while !actions.isEmpty {
                let now = now
                switch actions.removeFirst() {
                case .request(let source, let blocks): asked[source, default: []] += blocks
                case .cancel(let source, let blocks): asked[source]?.removeAll { blocks.contains($0) }
                case .verify(let piece): engine.pieceVerified(piece, at: now, into: &actions)
                default: break
                }
            }
        }

        /// Time goes on; these peers send `count` blocks each in every tenth of a second.
        mutating func run(_ time: Duration, senders: [SourceID], count: Int) -> Int {
            var received = 0
            let end = now + time
            while now < end {
                now = now + .milliseconds(100)
                for sender in senders {
                    for _ in 0..<count where asked[sender]?.isEmpty == false {
                        guard let block = asked[sender]?.removeFirst() else { continue }
                        if engine.blockArrived(sender, block, at: now, into: &actions) { received += 1 }
                        perform()
                    }
                }
                engine.tick(at: now, into: &actions)
                perform()
            }
            return received
        }
    }

    @Test func `what a dead peer owes keeps nobody else from being asked for more than a second`() throws {
        var world = try World(pieces: 4000, pieceLength: 65_536, peers: [dead, living])
        _ = world.run(.seconds(3), senders: [dead, living], count: 20)
        let owed = try #require(world.asked[dead]?.count)
        #expect(owed > Limits.minimumRequests)
        // The other one is slow from now on, so that fewer requests than those may be under way.
        _ = world.run(.seconds(1), senders: [living], count: 2)
        for _ in 0..<6 {
            let received = world.run(.seconds(1), senders: [living], count: 2)
            #expect(received >= 18, "the living peer stood still")
        }
    }

    @Test func `large pieces that a dead peer holds up are finished by another`() throws {
        var world = try World(pieces: 16, pieceLength: 16 << 20, peers: [dead, living])
        _ = world.run(.seconds(1), senders: [dead, living], count: 30)
        // Only so many large pieces may be under way: soon nothing is left to ask for but what the dead one owes.
        let received = world.run(.seconds(6), senders: [living], count: 200)
        #expect(received > 6 * 2000 - 2500)
    }

    @Test func `a piece that one peer alone should send again does not wait for it when it chokes or rejects`() throws {
        for isChoking in [true, false] {
            var world = try World(pieces: 1, pieceLength: 65_536, peers: [dead, living])
            var senders: Set<SourceID> = []
            for block in (0..<4).map({ world.engine.geometry.block($0, of: PieceIndex(0)) }) {
                let sender = world.asked[living]?.contains(block) == true && !senders.contains(living) ? living : dead
                senders.insert(sender)
                _ = world.engine.blockArrived(sender, block, at: .zero, into: &world.actions)
            }
            world.actions = []
            world.asked = [:]
            world.engine.pieceFailed(PieceIndex(0), at: .zero, into: &world.actions)
            world.perform()
            let sole = try #require(world.asked.keys.first)
            let other = sole == dead ? living : dead
            #expect(world.asked.count == 1)
            if isChoking {
                world.engine.sourceChoked(sole, at: .zero, into: &world.actions)
            } else {
                for block in world.asked[sole] ?? [] {
                    world.engine.requestRejected(sole, block, at: .zero, into: &world.actions)
                }
            }
            world.perform()
            #expect(world.asked[other]?.count == 4)
        }
    }

    @Test func `a fetch that a peer has overtaken is cancelled at once, also while nobody has vouched for the piece`()
        throws
    {
        let geometry = try #require(PieceGeometry(size: ByteCount(2 * 65_536), pieceLength: 65_536))
        var policy = AssistPolicy()
        policy.slowDuration = .zero
        var engine = DownloadEngine(
            geometry: geometry,
            verified: PieceSet(capacity: geometry.pieceCount),
            policy: policy,
            seed: 1,
            at: .zero
        )
        var actions: [DownloadAction] = []
        var one = PieceSet(capacity: geometry.pieceCount)
        one.insert(PieceIndex(0))
        engine.sourceAdded(dead, .agentPeer, has: one, isChoked: false, at: .zero, into: &actions)
        let relay = SourceID(rawValue: 1)
        engine.sourceAdded(relay, .relayHTTP, has: one, isChoked: false, at: .zero, into: &actions)
        engine.tick(at: .zero + .seconds(1), into: &actions)
        engine.tick(at: .zero + .seconds(2), into: &actions)
        #expect(actions.contains { if case .fetch(relay, PieceIndex(0), _) = $0 { true } else { false } })
        // The peer speaks again before the relay has brought anything.
        actions = []
        for number in 0..<4 {
            let block = geometry.block(number, of: PieceIndex(0))
            #expect(engine.blockArrived(dead, block, at: .zero + .seconds(3), into: &actions))
        }
        #expect(actions.contains(.cancelFetch(relay, PieceIndex(0))))
        engine.checkInvariants()
    }

    @Test func `HTTP keeps to the agent's own limit, whatever the length of a piece`() throws {
        let geometry = try #require(PieceGeometry(size: .mebibytes(256), pieceLength: 16 << 20))
        var policy = AssistPolicy()
        policy.bitTorrentIsDisabled = true
        var engine = DownloadEngine(
            geometry: geometry,
            verified: PieceSet(capacity: geometry.pieceCount),
            policy: policy,
            seed: 1,
            at: .zero
        )
        let limit = BytesPerSecond(rawValue: 1 << 20)
        engine.rateLimited(to: limit, at: .zero)
        var actions: [DownloadAction] = []
        let all = PieceSet(full: geometry.pieceCount)
        let relay = SourceID(rawValue: 1)
        engine.sourceAdded(relay, .relayHTTP, has: all, isChoked: false, at: .zero, into: &actions)
        var (now, taken) = (BootTime.zero, UInt64(0))
        for _ in 0..<100 {
            now = now + .milliseconds(100)
            engine.tick(at: now, into: &actions)
            while !actions.isEmpty {
                guard case .fetch(_, let piece, let range) = actions.removeFirst() else { continue }
                taken += range.count.rawValue
                var at = range.start
                while at < range.end {
                    let offset = UInt32(at - geometry.range(of: piece).start)
                    let block = Block(piece: piece, offset: offset, length: Block.maximumLength)
                    _ = engine.blockArrived(relay, block, at: now, into: &actions)
                    at += UInt64(block.length)
                }
                engine.fetchEnded(relay, piece, failed: false, at: now, into: &actions)
            }
            let allowed = UInt64((now - BootTime.zero).seconds * Double(limit.rawValue)) + (512 << 10)
            #expect(taken <= allowed, "\(taken) bytes by \(now)")
        }
        #expect(taken > 9 << 20, "the limit is not used")
    }
}
