import Foundation
import Logging
import Manifest
import NIOCore
import PieceCache
import Scheduling
import SluiceAPI
import Swarm
import Synchronization
import Testing
import Transport
import Units

@testable import Node

/// What control revokes, and what a time of the day forbids, on real nodes over real sockets; control itself is away.
@Suite final class RevocationTests: Sendable {
    private static let control = SigningKey()
    private static let size = 10 * 65_536 + 77
    /// Gone after each test.
    private let scratch = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)

    deinit { try? FileManager.default.removeItem(at: scratch) }

    private func folder(_ name: String) throws -> String {
        let url = scratch.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        return url.path
    }

    private func node(_ role: NodeRole, clock: WallClock = .system) async throws -> NodeRuntime {
        let configuration = NodeConfiguration(
            controlHost: "127.0.0.1",
            controlPort: 1,
            dataDirectory: try folder("\(role)"),
            host: "127.0.0.1",
            port: 0
        )
        var runtime = try await NodeRuntime.start(configuration, role: role, logger: Logger(label: "test"))
        runtime.clock = clock
        return runtime
    }

    /// The right bytes; `corrected` pieces differ from those of before.
    private func bytes(corrected: Set<Int> = []) -> [UInt8] {
        (0..<Self.size).map { index in
            let byte = UInt8(truncatingIfNeeded: index &* 2_654_435_761 >> 9)
            return corrected.contains(index / 65_536) ? ~byte : byte
        }
    }

    private func blob() -> Blob {
        var blob = Blob()
        blob.id = Array(repeating: 9, count: 32)
        blob.size = UInt64(Self.size)
        blob.pieceLength = 65_536
        blob.fileName = "file"
        return blob
    }

    private func assignment(epoch: UInt64, from relay: NodeRuntime) -> Assignment {
        var endpoint = Endpoint()
        endpoint.node = relay.identity.name.text
        endpoint.address = relay.reach.text
        var assignment = Assignment()
        assignment.blob = blob()
        assignment.distribution = "d"
        assignment.fileName = "file"
        assignment.relays = [endpoint]
        assignment.epoch = epoch
        return assignment
    }

    /// A relay that offers these bytes: a blob it has whole, and who vouches for it under an epoch.
    private func store(_ bytes: [UInt8], in cache: BlobCache) async throws -> [PieceHashes] {
        var hashes: [PieceHashes] = []
        for piece in cache.geometry.pieceCount.indices {
            let range = cache.geometry.range(of: piece)
            let part = ByteBuffer(bytes: bytes[Int(range.start)..<Int(range.end)])
            hashes.append(try await cache.store(piece, bytes: part, expecting: nil))
        }
        return hashes
    }

    /// Of the first `pieces`, or of all.
    private func batch(
        _ hashes: [PieceHashes],
        of blob: ActiveBlob,
        epoch: UInt64,
        pieces: Int = .max
    ) throws -> HashBatch {
        let relay = SigningKey()
        let grant = PullGrant.signed(
            blob: blob.id,
            geometry: blob.geometry,
            relay: relay.publicKey,
            stripes: [try #require(PieceRange(first: PieceIndex(0), count: blob.geometry.pieceCount))],
            epoch: Epoch(rawValue: epoch),
            by: Self.control
        )
        return .signed(firstPiece: PieceIndex(0), hashes: Array(hashes.prefix(pieces)), grant: grant, by: relay)
    }

    /// A time of the day that the test sets.
    private final class Moment: Sendable {
        let minute = Atomic<Int64>(0)
    }

    /// Returns once it holds; the test's time limit ends it.
    private func until(_ holds: () async throws -> Bool) async throws {
        while try await !holds() {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a relay keeps what it has pulled although a fellow's batch raises the epoch before control does`()
        async throws
    {
        let relay = try await node(.relay)
        var message = blob()
        message.origin = "files"
        let id = try #require(BlobID(bytes: message.id))
        let geometry = try #require(PieceGeometry(size: ByteCount(Self.size), pieceLength: message.pieceLength))
        // Of an earlier run.
        let cache = try await relay.cache.open(id, geometry: geometry)
        let hashes = try await store(bytes(), in: cache)
        var task = RelayTask()
        task.blob = message
        task.pullGrant =
            PullGrant.signed(
                blob: id,
                geometry: geometry,
                relay: relay.identity.key.publicKey,
                stripes: [try #require(PieceRange(first: PieceIndex(0), count: geometry.pieceCount))],
                epoch: Epoch(rawValue: 1),
                by: Self.control
            ).encoded
        let work = RelayWork(runtime: relay)
        await work.controlKnown(Self.control.publicKey)
        await work.apply(.relayTask("t", task))
        let opened = try #require(relay.catalog.blob(id))
        try await until { opened.hashesAreComplete }

        _ = try opened.accept(try batch(hashes, of: opened, epoch: 2, pieces: 1))
        #expect(opened.epoch == Epoch(rawValue: 2))
        #expect(cache.available.isFull, "what was pulled is pulled again")
        await work.stop()
    }

    /// `isTold`: by control, else by a peer's batch under a newer grant alone.
    @Test(.timeLimit(.minutes(1)), arguments: [true, false])
    func `an agent takes back what was revoked, fetches only what differs, and delivers the right file`(
        isTold: Bool
    ) async throws {
        let (relay, agent) = (try await node(.relay), try await node(.agent))
        let source = try await ActiveBlob.open(
            blob(),
            control: Self.control.publicKey,
            epoch: Epoch(rawValue: 1),
            advises: false,
            runtime: relay
        )
        let wrong = try await store(bytes(corrected: [3]), in: source.cache)
        _ = try source.accept(try batch(wrong, of: source, epoch: 1), isOwn: true)

        let destination = try folder("final")
        let work = AgentWork(runtime: agent, destination: destination)
        await work.controlKnown(Self.control.publicKey)
        await work.apply(.assignment("t", assignment(epoch: 1, from: relay)))
        let path = "\(destination)/file"
        try await until { FileManager.default.contents(atPath: path) == Data(bytes(corrected: [3])) }
        let got = try #require(agent.catalog.blob(source.id))
        let before = got.swarm.downloaded

        // The epoch rises, and the piece is corrected where it comes from.
        if isTold {
            await work.apply(.assignment("t", assignment(epoch: 2, from: relay)))
            #expect(got.cache.available.isEmpty, "what nobody vouches for is still served")
            #expect(got.finalInfoHashes.isEmpty, "a torrent of revoked hashes is still answered for")
        }
        source.raiseEpoch(to: Epoch(rawValue: 2))
        let right = try await store(bytes(), in: source.cache)
        #expect(right[3] != wrong[3] && right[4] == wrong[4])
        _ = try source.accept(try batch(right, of: source, epoch: 2), isOwn: true)

        try await until { FileManager.default.contents(atPath: path) == Data(bytes()) }
        #expect(got.cache.available.isFull && got.cache.hashes(of: PieceIndex(3)) == right[3])
        #expect(try await got.cache.digest() == SHA256Hasher.digest(of: bytes()))
        #expect(got.swarm.downloaded.rawValue == before.rawValue + 65_536, "more was fetched than differs")
        #expect(got.finalInfoHashes == source.finalInfoHashes && !got.finalInfoHashes.isEmpty)
        await work.stop()
        await agent.close()
        await relay.close()
    }

    @Test(.timeLimit(.minutes(1))) func `limits by the time of the day go on for an agent that only shares`()
        async throws
    {
        let now = Moment()
        let agent = try await node(.agent, clock: WallClock { now.minute.load(ordering: .relaxed) * 60_000 })
        let shared = try await ActiveBlob.open(
            blob(),
            control: Self.control.publicKey,
            epoch: Epoch(rawValue: 1),
            advises: false,
            runtime: agent
        )
        // From one o'clock to two nothing moves.
        var window = SluiceAPI.TransferWindow()
        window.startMinute = 60
        window.endMinute = 120
        window.paused = true
        var order = assignment(epoch: 1, from: agent)
        order.relays = []
        order.config = DistributionConfig()
        order.config?.windows = [window]
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        let download = BlobDownload(of: shared, plan: DownloadPlan(order), runtime: agent) { outcome in
            if case .complete = outcome { end.finish() }
        }
        await download.start()
        let hashes = try await store(bytes(), in: shared.cache)
        _ = try shared.accept(try batch(hashes, of: shared, epoch: 1))
        for await _ in ends {}
        #expect(shared.swarm.uploadShaper.wait == .zero)
        now.minute.store(90, ordering: .relaxed)
        try await until { shared.swarm.uploadShaper.wait > .zero }
        now.minute.store(121, ordering: .relaxed)
        try await until { shared.swarm.uploadShaper.wait == .zero }
        await download.stop()
        await agent.close()
    }
}
