import Manifest
import SluiceAPI
import Store
import Testing
import Transport
import Units

@testable import Control

/// Relays that control knows of when it starts.
@Suite(.timeLimit(.minutes(1))) struct RelayReturnTests {
    @Test func `relays come back early from a drain, and before others pull for them`() {
        #expect(Fleet.returnWindow(of: .agent, among: 100_000) == 50)
        #expect(Fleet.returnWindow(of: .relay, among: 100_000) == 10)
        #expect(Fleet.returnWindow(of: .relay, among: 3) == 1)
        #expect(Fleet.returnPatience > .seconds(30))
    }

    @Test func `one that does not come back after a restart leaves its pieces to the other`() async throws {
        try await withTemporaryStore { store in
            let small = try await SmallFleet(store)
            let (other, _) = try await small.connectOther()
            let both = try small.order(relays: [(other, small.relayKey)])
            _ = try await small.fleet.create(both, requestID: "")
            let blob = try small.blob
            let fleet = try await small.restarted()
            #expect(await fleet.blobs[blob]?.paces.keys.sorted() == [small.relay])
            _ = try await small.connectOther(to: fleet)
            #expect(await fleet.blobs[blob]?.stripes.stripes(of: other).isEmpty == true)
            // What the start of control has a clock do.
            await fleet.relaySilent(small.relay)
            #expect(await fleet.blobs[blob]?.stripes.stripes(of: other).map(\.count) == [small.geometry.pieceCount])
        }
    }

    @Test func `one that is new works for what is under way, and pulls all once the only other is gone`() async throws {
        try await withTemporaryStore { store in
            let small = try await SmallFleet(store)
            let (_, agent) = try await small.connect(small.agent, .agent, on: small.streams())
            let id = try await small.distribution()
            let (other, sink) = try await small.connectOther()
            #expect(agent.tasks.map(\.revision) == [1, 2])
            #expect(agent.tasks.last?.relays == [small.relay.text, other.text])
            #expect(try await grant(to: other, for: id, in: store) == nil)
            await small.fleet.relaySilent(small.relay)
            let all = try #require(try await grant(to: other, for: id, in: store))
            #expect(all.stripes.map(\.count) == [small.geometry.pieceCount])
            #expect(sink.tasks.last?.relays == [small.relay.text, other.text])
            #expect(try await grant(to: small.relay, for: id, in: store) == nil)
            // It is found after a restart, too, and only once.
            let fleet = try await small.restarted()
            _ = try await small.connectOther(to: fleet)
            #expect(try await store.tasks(of: id).count { $0.node == other } == 1)
            let blob = try small.blob
            #expect(await fleet.blobs[blob]?.stripes.stripes(of: other).map(\.count) == [small.geometry.pieceCount])
        }
    }

    @Test func `an order for one relay gets another once that one is gone`() async throws {
        try await withTemporaryStore { store in
            let small = try await SmallFleet(store)
            var order = try small.order
            order.distribution.config = DistributionConfig()
            order.distribution.config?.relayCount = 1
            let id = try #require(DistributionID(try await small.fleet.create(order, requestID: "").name))
            let (other, _) = try await small.connectOther()
            #expect(try await store.tasks(of: id).contains { $0.node == other } == false)
            await small.fleet.relaySilent(small.relay)
            let all = try #require(try await grant(to: other, for: id, in: store))
            #expect(all.stripes.map(\.count) == [small.geometry.pieceCount])
        }
    }

    @Test func `an order that has ended gets no relay`() async throws {
        try await withTemporaryStore { store in
            let small = try await SmallFleet(store)
            let id = try await small.distribution()
            _ = try await small.fleet.cancel(id)
            let (other, _) = try await small.connectOther()
            #expect(try await store.tasks(of: id).contains { $0.node == other } == false)
        }
    }

    private func grant(to relay: NodeID, for id: DistributionID, in store: any ControlStore) async throws -> PullGrant?
    {
        let task = try #require(try await store.tasks(of: id).first { $0.node == relay }?.relayTask)
        return task.pullGrant.isEmpty ? nil : try PullGrant(decoding: task.pullGrant)
    }
}

extension NodeTask {
    /// Whom the task names.
    fileprivate var relays: [String] {
        switch work {
        case .relayTask(let task): task.relays.map(\.node)
        case .assignment(let assignment): assignment.relays.map(\.node)
        case .cancel, nil: []
        }
    }
}
