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
