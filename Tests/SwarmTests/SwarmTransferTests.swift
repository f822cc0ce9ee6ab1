import BitTorrent
import Foundation
import Logging
import Manifest
import NIOCore
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
            let (events, continuation) = AsyncStream.makeStream(of: SwarmEvent.self)
            leecher.swarm.follow(on: MultiThreadedEventLoopGroup.singleton.next()) { events in
                for event in events { continuation.yield(event) }
            }
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
            let (events, continuation) = AsyncStream.makeStream(of: SwarmEvent.self)
            leecher.swarm.follow(on: MultiThreadedEventLoopGroup.singleton.next()) { events in
                for event in events { continuation.yield(event) }
            }
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

    private struct Side {
        let session: SwarmSession
        let swarm: BlobSwarm
        let address: SocketAddress?
    }

    private static func scratchFolder() throws -> String {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("swarm-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    private func content(_ range: ByteRange) -> ByteBuffer {
        ByteBuffer(bytes: (range.start..<range.end).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) })
    }

    private func withSwarms(_ body: (Side, Side, PieceGeometry, HashBatch) async throws -> Void) async throws {
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
        for isSeeder in [true, false] {
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
            let session = SwarmSession(group: group, peerID: .random(using: &generator), logger: Logger(label: "test"))
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
    /// Returns once a handshake waits for its blob.
    fileprivate func awaitEarlyHandshake() async {
        while !hasEarlyHandshakes { await Task.yield() }
    }
}
