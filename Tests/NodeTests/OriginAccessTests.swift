import SluiceAPI
import Synchronization
import Testing
import Units

@testable import Node

@Suite struct OriginAccessTests {
    private let origin: OriginID

    init() throws { origin = try #require(OriginID("files")) }

    /// Nothing here runs the ticks: who waits is woken by what happens, or never.
    @Test(.timeLimit(.minutes(1))) func `a grant gives those who wait their slots at once, and a closed one the next`()
        async throws
    {
        let (heartbeats, sent) = AsyncStream.makeStream(of: LeaseHeartbeat.self)
        let access = OriginAccess { message in
            if case .leaseHeartbeat(let heartbeat) = message { sent.yield(heartbeat) }
        }
        let (slots, given) = AsyncStream.makeStream(of: OriginPermit.self)
        let waiters = (1...3).map { _ in
            Task { _ = given.yield(try await access.permit(at: origin, use: .relayPull, for: "d", weight: 1)) }
        }
        var heartbeat = LeaseHeartbeat()
        var told = heartbeats.makeAsyncIterator()
        repeat { heartbeat = try #require(await told.next()) } while heartbeat.wants?.connections != 3
        access.grantArrived(grant(of: 2, to: heartbeat))

        var slot = slots.makeAsyncIterator()
        let first = try #require(await slot.next())
        _ = try #require(await slot.next())
        first.release()
        _ = try #require(await slot.next())
        for waiter in waiters { try await waiter.value }
    }

    @Test(.timeLimit(.minutes(1)))
    func `what is not used for a second is given back, long before the next heartbeat is due`()
        async throws
    {
        let (heartbeats, sent) = AsyncStream.makeStream(of: LeaseHeartbeat.self)
        let access = OriginAccess { message in
            if case .leaseHeartbeat(let heartbeat) = message { sent.yield(heartbeat) }
        }
        let ticks = Task { await access.run() }
        defer { ticks.cancel() }
        let waiter = Task { try await access.permit(at: origin, use: .relayPull, for: "d", weight: 1) }
        var told = heartbeats.makeAsyncIterator()
        access.grantArrived(grant(of: 1, to: try #require(await told.next())))
        let begin = ContinuousClock.now
        try await waiter.value.release()
        while try #require(await told.next()).wants?.connections != 0 {}
        // A heartbeat is due every 10 s.
        #expect(ContinuousClock.now - begin < .seconds(8))
    }

    @Test(.timeLimit(.minutes(1))) func `a pause that the origin asks for is told to control at once`() async throws {
        let (heartbeats, sent) = AsyncStream.makeStream(of: LeaseHeartbeat.self)
        let access = OriginAccess { message in
            if case .leaseHeartbeat(let heartbeat) = message { sent.yield(heartbeat) }
        }
        access.streamOpened(heartbeatInterval: .seconds(10), granter: Epoch(rawValue: 3))
        access.throttled(at: origin, for: .seconds(20))
        var told = heartbeats.makeAsyncIterator()
        let heartbeat = try #require(await told.next())
        let pause = try #require(heartbeat.originPause?.duration)
        #expect(pause > .seconds(10) && pause <= .seconds(20))
        #expect(heartbeat.leaseEpoch == 3)
    }

    @Test(.timeLimit(.minutes(1))) func `who no longer wants a slot stops waiting for it`() async throws {
        let access = OriginAccess { _ in }
        let waiter = Task { _ = try await access.permit(at: origin, use: .assist, for: "d", weight: 1) }
        waiter.cancel()
        await #expect(throws: CancellationError.self) { try await waiter.value }
    }

    private func grant(of connections: UInt32, to heartbeat: LeaseHeartbeat) -> LeaseGrant {
        var grant = LeaseGrant()
        grant.origin = heartbeat.origin
        grant.sequence = heartbeat.sequence
        grant.duration = ProtoDuration(.seconds(30))
        var generation = LeaseGeneration()
        generation.epoch = 1
        generation.counter = 1
        grant.generation = generation
        var amount = LeaseAmount()
        amount.connections = connections
        amount.bytesPerSecond = 1_000_000
        grant.amount = amount
        return grant
    }
}
