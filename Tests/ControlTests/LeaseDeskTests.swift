import Leases
import Logging
import NIOCore
import RPC
import SluiceAPI
import Store
import Synchronization
import Testing
import Transport
import Units

@testable import Control

/// Counts what a node is sent.
private final class Sink: RPCPushSink {
    private let count = Mutex(0)
    var grants: Int { count.withLock(\.self) }

    func push(_ message: ByteBuffer, limit: Int, whenRoom: @escaping @Sendable () -> Void) throws(RPCError) -> Bool {
        count.withLock { $0 += 1 }
        return true
    }

    func endRequests() {}
    func abort() {}
}

/// A store whose writes end when the test says so.
private final class SlowWrites: Sendable {
    private struct Failed: Error {}
    private let (begun, begin) = AsyncStream.makeStream(of: Void.self)
    private let (ends, end) = AsyncStream.makeStream(of: Bool.self)

    func save() async throws {
        begin.yield()
        guard await ends.first(where: { _ in true }) == true else { throw Failed() }
    }

    func awaitBegin() async { _ = await begun.first { _ in true } }
    func finish(_ isStored: Bool) { end.yield(isStored) }
}

@Suite struct LeaseDeskTests {
    private func heartbeat(_ origin: OriginID) -> LeaseHeartbeat {
        var heartbeat = LeaseHeartbeat()
        heartbeat.origin = origin.text
        heartbeat.sequence = 1
        heartbeat.weight = 100
        heartbeat.wants = LeaseAmount()
        heartbeat.wants?.connections = 1
        heartbeat.wants?.bytesPerSecond = 1_000
        return heartbeat
    }

    @Test(.timeLimit(.minutes(1)), arguments: [true, false])
    func `no grant leaves before the reserve that covers it is durable, and none where it is not`(
        isStored: Bool
    ) async throws {
        try await withTemporaryStore { store in
            let writes = SlowWrites()
            let desk = LeaseDesk(
                store: store,
                epoch: Epoch(rawValue: 1),
                leaseDuration: .seconds(30),
                logger: Logger(label: "test"),
                save: { _ in try await writes.save() }
            )
            let (origin, sinks) = (try #require(OriginID("origin")), [Sink(), Sink()])
            var limits = OriginLimits()
            limits.maxConnections = 4
            await desk.originChanged(origin, limits: limits)
            let nodes = try ["one", "two"].map { try #require(NodeID($0)) }
            for (node, sink) in zip(nodes, sinks) { await desk.connected(node, NodeOutbox(session: 1, sink: sink)) }

            async let first: Void = desk.heartbeatArrived(heartbeat(origin), from: nodes[0])
            await writes.awaitBegin()
            // Its grant needs no more than the reserve that is being written.
            async let second: Void = desk.heartbeatArrived(heartbeat(origin), from: nodes[1])
            while await desk.granted(at: origin).connections < 2 { await Task.yield() }
            #expect(sinks.map(\.grants) == [0, 0])
            writes.finish(isStored)
            _ = await (first, second)
            #expect(sinks.map(\.grants) == (isStored ? [1, 1] : [0, 0]))
        }
    }
}
