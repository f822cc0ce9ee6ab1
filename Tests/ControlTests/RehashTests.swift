import Manifest
import RPC
import SluiceAPI
import Store
import Testing
import Units

@testable import Control

/// What agents say when hashes have just been revoked.
@Suite struct RehashTests {
    @Test func `who was done before it has to prove its file again`() async throws {
        try await withTemporaryStore { store in
            let small = try await SmallFleet(store)
            let fleet = small.fleet
            let id = try #require(DistributionID(try await fleet.create(small.order, requestID: "r").name))
            _ = try await fleet.rehash(id)
            // It was on its way already.
            try await small.agentCompletes(id, sequence: 1, epoch: 1)
            #expect(try await fleet.distribution(id).state != .completed)
            #expect(try await fleet.distribution(id).targets.map(\.state) == [.running])
            try await small.agentCompletes(id, sequence: 2, epoch: 2)
            #expect(try await fleet.distribution(id).state == .completed)
        }
    }

    @Test func `what is sent after it is under the new epoch although nobody worked on the blob meanwhile`()
        async throws
    {
        try await withTemporaryStore { store in
            let small = try await SmallFleet(store)
            let id = try #require(DistributionID(try await small.fleet.create(small.order, requestID: "r").name))
            try await small.fleet.batchesArrived(small.allHashes, from: small.relay)
            try await small.agentCompletes(id, sequence: 1)
            _ = try await small.fleet.rehash(id)
            for fleet in [small.fleet, try await small.restarted()] {
                let next = try await fleet.create(small.order, requestID: "")
                let tasks = try await store.tasks(of: try #require(DistributionID(next.name)))
                let epochs = try tasks.compactMap { task in
                    if case .assignment(let work)? = try NodeTask(encoded: task.payload).work {
                        work.epoch
                    } else {
                        nil
                    }
                }
                #expect(epochs == [2])
                let grants = try tasks.compactMap(\.relayTask).map { try PullGrant(decoding: $0.pullGrant) }
                #expect(grants.map(\.epoch) == [Epoch(rawValue: 2)])
            }
        }
    }
}
