import Dispatch
import GRDB
import SluiceAPI
import Testing
import Units

@testable import Control
@testable import Store

/// An order whose caller goes away while it is written.
@Suite(.timeLimit(.minutes(1))) struct LeftOrderTests {
    @Test func `it is taken up all the same, and can be cancelled`() async throws {
        try await withTemporaryStore { store in
            let small = try await SmallFleet(store)
            let (begun, release) = (AsyncStream.makeStream(of: Void.self), DispatchSemaphore(value: 0))
            let holder = Task {
                try await store.write { _ in
                    begun.continuation.yield()
                    release.wait()
                }
            }
            _ = await begun.stream.first { true }
            let order = try small.order
            let call = Task { try await small.fleet.create(order, requestID: "r") }
            while await small.fleet.creating.isEmpty { await Task.yield() }
            call.cancel()
            release.signal()
            try await holder.value
            _ = try? await call.value
            let stored = try #require(try await store.distribution(requestID: "r"))
            #expect(await small.fleet.distributions.keys.map(\.text) == [stored.id.text])
            #expect(try await small.fleet.cancel(stored.id).state == .cancelled)
            #expect(try await store.distribution(stored.id)?.state == .cancelled)
        }
    }

    @Test func `one that is in the store alone is ended there`() async throws {
        try await withTemporaryStore { store in
            let small = try await SmallFleet(store)
            let other = try await small.restarted()
            let id = try await small.distribution()
            #expect(try await other.cancel(id).state == .cancelled)
            #expect(try await store.distribution(id)?.state == .cancelled)
            #expect(try await store.tasks(of: id).map(\.state) == [.cancelled, .cancelled])
            #expect(await other.distributions.isEmpty)
        }
    }
}
