import GRDB
import RPC
import SluiceAPI
import Testing
import Units

@testable import Control
@testable import Store

/// What could not be stored has not happened: it is not shown, not told, and works once the store does.
@Suite(.timeLimit(.minutes(1))) struct FailedWriteTests {
    /// Every change of a table fails until the body is over.
    private func whileFailing(_ table: String, in store: SQLiteStore, _ body: () async throws -> Void) async throws {
        let trigger = "CREATE TRIGGER failing BEFORE UPDATE ON \(table) BEGIN SELECT RAISE(ABORT, 'no'); END"
        try await store.write { try $0.execute(sql: trigger) }
        try await body()
        try await store.write { try $0.execute(sql: "DROP TRIGGER failing") }
    }

    @Test(arguments: ["distribution", "task"])
    func `an order whose end cannot be stored goes on, and can be ended later`(table: String) async throws {
        try await withTemporaryStore { store in
            let small = try await SmallFleet(store)
            let id = try await small.distribution()
            try await whileFailing(table, in: store) { () async throws -> Void in
                await #expect(throws: StoreError.self) { _ = try await small.fleet.cancel(id) }
                #expect(try await small.fleet.distribution(id).state == .pending)
                #expect(try await store.distribution(id)?.state == .pending)
            }
            #expect(try await small.fleet.cancel(id).state == .cancelled)
            #expect(try await store.distribution(id)?.state == .cancelled)
            #expect(try await store.tasks(of: id).map(\.state) == [.cancelled, .cancelled])
        }
    }

    @Test func `a status that could not be stored is stored when it comes again`() async throws {
        try await withTemporaryStore { store in
            let small = try await SmallFleet(store)
            let id = try await small.distribution()
            try await whileFailing("task", in: store) { () async throws -> Void in
                await #expect(throws: StoreError.self) { try await small.agentCompletes(id, sequence: 1) }
                #expect(try await small.fleet.distribution(id).targets.map(\.state) == [.pending])
            }
            try await small.agentCompletes(id, sequence: 1)
            #expect(try await small.fleet.distribution(id).state == .completed)
            #expect(try await store.tasks(of: id).contains { $0.state == .completed })
        }
    }

    @Test func `hashes whose revocation could not be stored still hold`() async throws {
        try await withTemporaryStore { store in
            let small = try await SmallFleet(store)
            let id = try await small.distribution()
            let blob = try small.blob
            try await whileFailing("blob", in: store) { () async throws -> Void in
                await #expect(throws: StoreError.self) { _ = try await small.fleet.rehash(id) }
            }
            #expect(await small.fleet.blobs[blob]?.epoch == Epoch(rawValue: 1))
            _ = try await small.fleet.rehash(id)
            #expect(try await store.blob(blob)?.epoch == Epoch(rawValue: 2))
            #expect(await small.fleet.blobs[blob]?.epoch == Epoch(rawValue: 2))
        }
    }

    @Test func `new work that could not be stored is sent when it is, under its next revision`() async throws {
        try await withTemporaryStore { store in
            let small = try await SmallFleet(store)
            let streams = small.streams()
            let (_, agent) = try await small.connect(small.agent, .agent, on: streams)
            let (relay, _) = try await small.connect(small.relay, .relay, on: streams)
            let id = try await small.distribution()
            #expect(agent.tasks.map(\.revision) == [1])
            await streams.ended(relay, nil)
            var moved = small.hello(small.relay, .relay)
            moved.node?.address = "127.0.0.1:2"
            try await whileFailing("task", in: store) { () async throws -> Void in
                await #expect(throws: StoreError.self) {
                    _ = try await small.fleet.connected(moved, from: nil, through: RecordingSink())
                }
            }
            #expect(agent.tasks.map(\.revision) == [1])
            _ = try await small.fleet.connected(moved, from: nil, through: RecordingSink())
            #expect(agent.tasks.map(\.revision) == [1, 2])
            let stored = try #require(try await store.tasks(of: id).first { $0.node == small.agent })
            #expect(stored.revision == Revision(rawValue: 2))
        }
    }

    @Test func `grants that could not be stored are made again`() async throws {
        try await withTemporaryStore { store in
            let small = try await SmallFleet(store)
            let (other, _) = try await small.connectOther()
            let both = try small.order(relays: [(other, small.relayKey)])
            let id = try #require(DistributionID(try await small.fleet.create(both, requestID: "").name))
            let tasks = { try await store.tasks(of: id).filter { $0.node == other }.compactMap(\.relayTask) }
            try await whileFailing("task", in: store) { () async throws -> Void in
                await small.fleet.relaySilent(small.relay)
                #expect(try await tasks().map(\.pullGrant.isEmpty) == [true])
            }
            await small.fleet.lookAtRelays()
            #expect(try await tasks().map(\.pullGrant.isEmpty) == [false])
        }
    }
}
