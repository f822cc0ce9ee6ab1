import Foundation
import Logging
import Manifest
import SluiceAPI
import Store
import Testing
import Transport
import Units

@testable import Control

/// Agents can be whole before control has the relay's last hashes.
@Suite struct LateHashesTests {
    @Test func `a torrent is published although the last hashes come behind the end`() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).sqlite").path
        defer { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) } }
        let store = try SQLiteStore(path: path)
        let (control, relayKey) = (SigningKey(), SigningKey())
        let fleet = Fleet(
            store: store,
            signingKey: control,
            heartbeatInterval: .seconds(10),
            leaseEpoch: Epoch(rawValue: 1),
            clock: .system,
            logger: Logger(label: "test")
        )
        let (agent, relay) = (try #require(NodeID("agent")), try #require(NodeID("relay")))
        let order = try self.order(agent: agent, relay: relay, relayKey.publicKey)
        try await store.createOrigin(OriginRecord(id: order.origin, payload: [], createdAt: 0))
        let made = try await fleet.create(order, requestID: "r")
        let id = try #require(DistributionID(made.name))
        for task in try await store.tasks(of: id) where task.kind == .agent {
            var status = TaskStatus()
            status.task = task.id.text
            status.sequence = 1
            status.state = .completed
            try await fleet.statusArrived(status, from: agent)
        }
        #expect(try await fleet.distribution(id).state == .completed)
        #expect(await fleet.distributions.isEmpty)

        let blob = order.identity.blobID
        let grant = PullGrant.signed(
            blob: blob,
            geometry: order.geometry,
            relay: relayKey.publicKey,
            stripes: [try #require(PieceRange(first: PieceIndex(0), count: order.geometry.pieceCount))],
            epoch: Epoch(rawValue: 1),
            by: control
        )
        let root = try #require(SHA256Digest(bytes: Array(repeating: 1, count: 32)))
        let sha1 = try #require(SHA1Digest(bytes: Array(repeating: 2, count: 20)))
        let hashes = Array(repeating: PieceHashes(merkleRoot: root, sha1: sha1), count: order.geometry.pieceCount.int)
        var late = HashBatches()
        late.blob = blob.bytes
        late.batches = [HashBatch.signed(firstPiece: PieceIndex(0), hashes: hashes, grant: grant, by: relayKey).encoded]
        try await fleet.batchesArrived(late, from: relay)
        let stored = try #require(try await store.blob(blob))
        #expect(!stored.finishedTorrent.isEmpty)
        try await store.close()
    }

    private func order(agent: NodeID, relay: NodeID, _ key: VerifyingKey) throws -> CheckedOrder {
        var distribution = Distribution()
        distribution.fileName = "build.img"
        let geometry = try #require(PieceGeometry(size: ByteCount(200_000), pieceLength: 65_536))
        return CheckedOrder(
            distribution: distribution,
            origin: try #require(OriginID("files")),
            allowPrivateAddresses: false,
            identity: BlobIdentity(
                url: "http://files.example/build.img",
                size: geometry.size,
                etag: nil,
                lastModified: nil,
                pieceLength: geometry.pieceLength
            ),
            geometry: geometry,
            sha256: [],
            agents: [agent],
            relays: [RelayCandidate(node: relay, address: "127.0.0.1:1", usesTLS: false, publicKey: key)]
        )
    }
}
