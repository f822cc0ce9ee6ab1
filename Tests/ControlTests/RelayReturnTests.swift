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
            let other = try #require(NodeID("relay-2"))
            let key = SigningKey()
            var hello = small.hello(other, .relay)
            hello.publicKey = key.publicKey.bytes
            _ = try await small.fleet.connected(hello, from: nil, through: RecordingSink())
            let both = try small.order(relays: [(other, key)])
            _ = try await small.fleet.create(both, requestID: "")
            let blob = try small.blob
            let fleet = try await small.restarted()
            #expect(await fleet.blobs[blob]?.paces.keys.sorted() == [small.relay])
            _ = try await fleet.connected(hello, from: nil, through: RecordingSink())
            #expect(await fleet.blobs[blob]?.stripes.stripes(of: other).isEmpty == true)
            // What the start of control has a clock do.
            await fleet.relaySilent(small.relay)
            #expect(await fleet.blobs[blob]?.stripes.stripes(of: other).map(\.count) == [small.geometry.pieceCount])
        }
    }
}
