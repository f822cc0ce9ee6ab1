import BitTorrent
import Foundation
import Logging
import Manifest
import NIOConcurrencyHelpers
import NIOCore
import NIOEmbedded
import NIOPosix
import PieceCache
import Testing
import Units

@testable import Swarm

@Suite struct SwarmTransferTests {
    /// Own batches come unasked, those of others on request.
    @Test(.timeLimit(.minutes(1)), arguments: [true, false])
    func `an empty cache fills from a full one and hash batches come along`(areOwn: Bool) async throws {
        try await withSwarms { seeder, leecher, geometry, batch in
            seeder.swarm.publish([batch], areOwn: areOwn)
            let events = leecher.swarm.events()
            leecher.swarm.connect(to: try #require(seeder.address), kind: .agent)
            var missing = Set<Block>()
            for piece in geometry.pieceCount.indices {
                for number in 0..<geometry.blockCount(of: piece) { missing.insert(geometry.block(number, of: piece)) }
            }
            var hasBatch = false
            for await event in events {
                switch event {
                case .bitField(let peer, let set):
                    #expect(set.isFull)
                    leecher.swarm.setInterested(true, peer)
                case .unchoked(let peer): leecher.swarm.request(missing.sorted(), from: peer)
                case .blocks(let blocks):
                    for (_, block, bytes) in blocks {
                        #expect(missing.remove(block) != nil)
                        let start = geometry.range(of: block.piece).start + UInt64(block.offset)
                        #expect(bytes == content(ByteRange(start: start, count: ByteCount(block.length))))
                    }
                case .batch(_, let bytes): hasBatch = try HashBatch(decoding: bytes) == batch
                default: break
                }
                if missing.isEmpty, hasBatch { break }
            }
            #expect(leecher.swarm.downloaded == geometry.size)
            #expect(seeder.swarm.uploaded == geometry.size)
        }
    }

    /// Who is told of a new blob first dials the others at once.
    @Test(.timeLimit(.minutes(1))) func `a handshake that comes before its blob waits for it`() async throws {
        try await withSwarms { seeder, leecher, _, _ in
            let cache = seeder.swarm.cache
            let configuration = seeder.swarm.configuration
            await seeder.swarm.leave()
            let events = leecher.swarm.events()
            leecher.swarm.connect(to: try #require(seeder.address), kind: .agent)
            await seeder.session.awaitEarlyHandshake()
            let opened = seeder.session.join(cache, configuration: configuration)
            var joined = false
            for await event in events {
                switch event {
                case .peerJoined: joined = true
                case .bitField(_, let set): #expect(set.isFull)
                default: continue
                }
                if case .bitField = event { break }
            }
            #expect(joined)
            await opened.leave()
        }
    }

    @Test(.timeLimit(.minutes(1))) func `every handshake that comes before its blob waits its own time`() async throws {
        try await withSwarms { seeder, _, _, _ in
            let (cache, session) = (seeder.swarm.cache, seeder.session)
            let configuration = seeder.swarm.configuration
            await seeder.swarm.leave()
            let infoHash = try #require(configuration.liveID.flatMap { InfoHash(bytes: $0.bytes) })
            let loop = NIOAsyncTestingEventLoop()
            let woken = NIOLockedValueBox<[String]>([])
            session.whenRegistered(infoHash, on: loop) { woken.withLockedValue { $0.append("first") } }
            await loop.advanceTime(by: .milliseconds(1_500))
            session.whenRegistered(infoHash, on: loop) { woken.withLockedValue { $0.append("second") } }
            await loop.advanceTime(by: .milliseconds(1_000))
            let opened = session.join(cache, configuration: configuration)
            #expect(woken.withLockedValue { $0 } == ["second"])
            await opened.leave()
            session.whenRegistered(infoHash, on: loop) {}
            #expect(session.hasEarlyHandshakes)
            await loop.advanceTime(by: .seconds(2))
            #expect(!session.hasEarlyHandshakes)
            await loop.shutdownGracefully()
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a dial that fails is told and counted once`() async throws {
        try await withSwarms { seeder, _, _, _ in
            let (events, continuation) = AsyncStream.makeStream(of: SwarmEvent.self)
            seeder.swarm.follow(on: MultiThreadedEventLoopGroup.singleton.next()) { events in
                for event in events { continuation.yield(event) }
            }
            // A port that was free a moment ago.
            let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .bind(host: "127.0.0.1", port: 0).get()
            let nowhere = try #require(listener.localAddress)
            try await listener.close()
            var failures = 0
            for _ in 0..<20 { seeder.swarm.connect(to: nowhere, kind: .agent) }
            seeder.swarm.connect(to: try #require(seeder.address), kind: .agent)
            // Its own address comes last, and is no peer either.
            for await event in events {
                if case .handshakeFailed = event { failures += 1 }
                if failures == 21 { break }
            }
            try await seeder.swarm.session.awaitNoHandshake()
            #expect(seeder.swarm.state.withLockedValue { $0.dialling } == 0)
            seeder.swarm.emit(.handshakeFailed(nowhere))
            for await event in events {
                if case .handshakeFailed = event { break }
                Issue.record("a dial is told twice")
            }
        }
    }

    @Test(arguments: [("east", "west", true), ("east", "east", false), ("east", "", false), ("", "west", false)])
    func `peers tell their sites, and one at another is far`(here: String, there: String, isFar: Bool) async throws {
        try await withSwarms(sites: [there, here]) { seeder, leecher, _, batch in
            let events = leecher.swarm.events()
            leecher.swarm.connect(to: try #require(seeder.address), kind: .agent)
            seeder.swarm.publish([batch], areOwn: true)
            var wasFar = false
            // The batch comes behind what the peer says of itself.
            for await event in events {
                if case .isFar = event { wasFar = true }
                if case .batch = event { break }
            }
            #expect(wasFar == isFar)
        }
    }

    @Test(.timeLimit(.minutes(1))) func `who follows later hears of the peers that are here`() async throws {
        try await withSwarms { seeder, leecher, _, _ in
            let first = leecher.swarm.events()
            leecher.swarm.connect(to: try #require(seeder.address), kind: .agent)
            for await event in first {
                if case .bitField(let peer, _) = event { leecher.swarm.setInterested(true, peer) }
                if case .unchoked = event { break }
            }
            var heard: [String] = []
            for await event in leecher.swarm.events() {
                switch event {
                case .peerJoined(_, let kind, let address):
                    #expect(kind == .agent && address == seeder.address)
                    heard.append("joined")
                case .bitField(_, let set):
                    #expect(set.isFull)
                    heard.append("bit field")
                case .unchoked: heard.append("unchoked")
                default: break
                }
                if heard.count == 3 { break }
            }
            #expect(heard == ["joined", "bit field", "unchoked"])
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a relay is dialled however many peers there are`() async throws {
        try await withSwarms { seeder, leecher, _, _ in
            leecher.swarm.limitPeers(to: 1)
            let events = leecher.swarm.events()
            leecher.swarm.state.withLockedValue { $0.dialling = 1 }
            leecher.swarm.connect(to: try #require(seeder.address), kind: .agent)
            leecher.swarm.connect(to: try #require(seeder.address), kind: .relay(try #require(NodeID("relay-1"))))
            var refused = 0
            for await event in events {
                if case .handshakeFailed = event { refused += 1 }
                if case .peerJoined(_, let kind, _) = event {
                    #expect(kind.isRelay)
                    break
                }
            }
            #expect(refused == 1)
        }
    }

    @Test(.timeLimit(.minutes(1))) func `who asks on and on and reads no answer is ended`() async throws {
        try await withSwarms { seeder, _, _, _ in
            let loop = MultiThreadedEventLoopGroup.singleton.next()
            let peer = try await ClientBootstrap(group: loop)
                .channelOption(.autoRead, value: false)
                .channelOption(.socketOption(.so_rcvbuf), value: 4096)
                .connect(to: try #require(seeder.address)).get()
            let live = try #require(seeder.swarm.configuration.liveID.flatMap { InfoHash(bytes: $0.bytes) })
            let stranger = try #require(PeerID(bytes: Array("-XX0001-abcdefghijkl".utf8)))
            var opening = Handshake(infoHash: live, peerID: stranger).encoded
            opening += PeerMessage.haveNone.encoded
            try await peer.writeAndFlush(ByteBuffer(bytes: opening))
            // It is choked: each of these is rejected.
            let block = Block(piece: PieceIndex(0), offset: 0, length: 16_384)
            let requests = ByteBuffer(bytes: (0..<4_096).flatMap { _ in PeerMessage.request(block).encoded })
            await #expect(throws: (any Error).self) {
                // The kernel holds a few MiB of answers.
                for _ in 0..<1_024 { try await peer.writeAndFlush(requests) }
            }
            try? await peer.close()
        }
    }

    @Test func `a connection that has ended before its handler came holds no place`() throws {
        let session = SwarmSession(
            group: MultiThreadedEventLoopGroup.singleton,
            peerID: try #require(PeerID(bytes: Array(repeating: 1, count: 20))),
            logger: Logger(label: "test")
        )
        for _ in 0..<3 {
            let channel = EmbeddedChannel()
            _ = try channel.finish()
            session.accept(channel)
            channel.embeddedEventLoop.run()
        }
        #expect(session.pendingHandshakes == 0)
    }

    private struct Side {
        let session: SwarmSession
        let swarm: BlobSwarm
        let address: SocketAddress?
    }

    private static func session(at site: String, _ generator: inout SeededGenerator) -> SwarmSession {
        SwarmSession(
            group: MultiThreadedEventLoopGroup.singleton,
            peerID: .random(using: &generator),
            site: site,
            logger: Logger(label: "test")
        )
    }

    private static func scratchFolder() throws -> String {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("swarm-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    private func content(_ range: ByteRange) -> ByteBuffer {
        ByteBuffer(bytes: (range.start..<range.end).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) })
    }

    private func withSwarms(
        sites: [String] = ["", ""],
        _ body: (Side, Side, PieceGeometry, HashBatch) async throws -> Void
    ) async throws {
        let geometry = try #require(PieceGeometry(size: ByteCount(1_000_001), pieceLength: 65_536))
        let id = try #require(BlobID(bytes: Array(repeating: 7, count: 32)))
        let (control, relay) = (SigningKey(), SigningKey())
        let grant = PullGrant.signed(
            blob: id,
            geometry: geometry,
            relay: relay.publicKey,
            stripes: try [#require(PieceRange(first: PieceIndex(0), count: geometry.pieceCount))],
            epoch: Epoch(rawValue: 1),
            by: control
        )
        let group = MultiThreadedEventLoopGroup.singleton
        let pool = NIOThreadPool(numberOfThreads: 1)
        pool.start()
        var generator = SeededGenerator(seed: UInt64.random(in: 0...UInt64.max))
        var sides: [Side] = []
        var hashes: [PieceHashes] = []
        var listeners: [any Channel] = []
        // A cache that goes away takes its blobs with it.
        var caches: [PieceCache] = []
        let folder = try Self.scratchFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var sessions: [SwarmSession] = []
        for (isSeeder, site) in zip([true, false], sites) {
            let cache = try PieceCache(
                directory: "\(folder)/\(isSeeder)",
                limits: CacheLimits(highWater: .mebibytes(64), lowWater: .mebibytes(32)),
                pool: pool,
                logger: Logger(label: "test")
            )
            caches.append(cache)
            let blob = try await cache.open(id, geometry: geometry)
            if isSeeder {
                for piece in geometry.pieceCount.indices {
                    hashes.append(
                        try await blob.store(piece, bytes: content(geometry.range(of: piece)), expecting: nil)
                    )
                }
            }
            let session = Self.session(at: site, &generator)
            sessions.append(session)
            let listener = try await ServerBootstrap(group: group)
                .childChannelInitializer { session.accept($0) }
                .bind(host: "127.0.0.1", port: 0).get()
            listeners.append(listener)
            let swarm = session.join(blob, configuration: SwarmConfiguration(liveID: LiveID(of: id)))
            sides.append(Side(session: session, swarm: swarm, address: listener.localAddress))
        }
        let batch = HashBatch.signed(firstPiece: PieceIndex(0), hashes: hashes, grant: grant, by: relay)
        try await body(sides[0], sides[1], geometry, batch)
        for side in sides { await side.swarm.leave() }
        for session in sessions { await session.close() }
        caches = []
        for listener in listeners { try await listener.close() }
        try await pool.shutdownGracefully()
    }
}

extension SwarmSession {
    /// Returns once no inbound connection is without its handshake.
    fileprivate func awaitNoHandshake() async throws {
        while pendingHandshakes > 0 {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    /// Returns once a handshake waits for its blob.
    fileprivate func awaitEarlyHandshake() async {
        while !hasEarlyHandshakes { await Task.yield() }
    }
}

extension BlobSwarm {
    /// What happens from now on.
    fileprivate func events() -> AsyncStream<SwarmEvent> {
        let (stream, continuation) = AsyncStream.makeStream(of: SwarmEvent.self)
        follow(on: MultiThreadedEventLoopGroup.singleton.next()) { events in
            for event in events { continuation.yield(event) }
        }
        return stream
    }
}
