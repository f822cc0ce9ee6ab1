import SluiceAPI
import Store
import Testing
import Units

@testable import Control

/// Agents can be whole before control has the relay's last hashes.
@Suite struct LateHashesTests {
    /// Where control restarts meanwhile, the relay tells all it knows again.
    @Test(arguments: [false, true])
    func `a torrent is published although the last hashes come behind the end`(isRestarted: Bool) async throws {
        try await withTemporaryStore { store in
            let small = try await SmallFleet(store)
            let id = try #require(DistributionID(try await small.fleet.create(small.order, requestID: "r").name))
            try await small.agentCompletes(id, sequence: 1)
            #expect(try await small.fleet.distribution(id).state == .completed)
            #expect(await small.fleet.distributions.isEmpty)

            let fleet = isRestarted ? try await small.restarted() : small.fleet
            try await fleet.batchesArrived(small.allHashes, from: small.relay)
            let stored = try #require(try await store.blob(small.blob))
            #expect(!stored.finishedTorrent.isEmpty)
        }
    }
}
