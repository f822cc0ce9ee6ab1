import Logging
import Manifest
import RPC
import SluiceAPI
import Store
import Testing
import Transport
import Units

@testable import Control

/// Control's registry over a store, with one relay and one agent that nobody plays: a test says what they say.
struct SmallFleet {
    let store: SQLiteStore
    let fleet: Fleet
    let control = SigningKey()
    let relayKey = SigningKey()
    let agent: NodeID
    let relay: NodeID
    let geometry: PieceGeometry

    init(_ store: SQLiteStore) async throws {
        self.store = store
        agent = try #require(NodeID("agent"))
        relay = try #require(NodeID("relay"))
        geometry = try #require(PieceGeometry(size: ByteCount(200_000), pieceLength: 65_536))
        fleet = Self.fleet(store, control)
        try await store.createOrigin(OriginRecord(id: try #require(OriginID("files")), payload: [], createdAt: 0))
        var node = Node()
        node.role = .relay
        node.address = "127.0.0.1:1"
        try await store.saveNode(
            NodeRecord(
                id: relay,
                role: .relay,
                payload: node.encoded,
                publicKey: relayKey.publicKey.bytes,
                incarnation: 1,
                lastSeenAt: 0
            )
        )
        try await fleet.load()
    }

    /// As after a restart of control.
    func restarted() async throws -> Fleet {
        let fleet = Self.fleet(store, control)
        try await fleet.load()
        return fleet
    }

    private static func fleet(_ store: SQLiteStore, _ key: SigningKey) -> Fleet {
        Fleet(
            store: store,
            signingKey: key,
            heartbeatInterval: .seconds(10),
            leaseEpoch: Epoch(rawValue: 1),
            clock: .system,
            logger: Logger(label: "test")
        )
    }

    var blob: BlobID { get throws { try order.identity.blobID } }

    var order: CheckedOrder { get throws { try order() } }

    /// An order that further nodes have a part in.
    func order(
        agents more: [NodeID] = [],
        relays others: [(node: NodeID, key: SigningKey)] = []
    ) throws -> CheckedOrder {
        var distribution = Distribution()
        distribution.fileName = "build.img"
        let relays = [(node: relay, key: relayKey)] + others
        return CheckedOrder(
            distribution: distribution,
            origin: try #require(OriginID("files")),
            allowPrivateAddresses: false,
            baseURLs: [],
            identity: BlobIdentity(
                url: "http://files.example/build.img",
                size: geometry.size,
                etag: nil,
                lastModified: nil,
                pieceLength: geometry.pieceLength
            ),
            geometry: geometry,
            sha256: [],
            agents: [agent] + more,
            relays: relays.map { node, key in
                RelayCandidate(node: node, address: "127.0.0.1:1", usesTLS: false, site: "", publicKey: key.publicKey)
            }
        )
    }

    /// The agent says that it is done.
    func agentCompletes(_ distribution: DistributionID, sequence: UInt64, epoch: UInt64 = 0) async throws {
        for task in try await store.tasks(of: distribution) where task.kind == .agent {
            var status = TaskStatus()
            status.task = task.id.text
            status.sequence = sequence
            status.state = .completed
            status.epoch = epoch
            try await fleet.statusArrived(status, from: agent)
        }
    }

    /// All hashes, as the relay tells them.
    var allHashes: HashBatches {
        get throws {
            let grant = PullGrant.signed(
                blob: try blob,
                geometry: geometry,
                relay: relayKey.publicKey,
                stripes: [try #require(PieceRange(first: PieceIndex(0), count: geometry.pieceCount))],
                epoch: Epoch(rawValue: 1),
                by: control
            )
            let root = try #require(SHA256Digest(bytes: Array(repeating: 1, count: 32)))
            let sha1 = try #require(SHA1Digest(bytes: Array(repeating: 2, count: 20)))
            let hashes = Array(repeating: PieceHashes(merkleRoot: root, sha1: sha1), count: geometry.pieceCount.int)
            var message = HashBatches()
            message.blob = try blob.bytes
            message.batches = [
                HashBatch.signed(firstPiece: PieceIndex(0), hashes: hashes, grant: grant, by: relayKey).encoded
            ]
            return message
        }
    }
}
