internal import Logging
internal import Manifest
internal import RPC
internal import Scheduling
internal import SluiceAPI
internal import Store
internal import Transport
internal import Units

/// Control's registry: which nodes there are, what each has to do, and how every distribution stands. What it tells
/// a user or a node is stored first.
actor Fleet {
    let store: any ControlStore
    let signingKey: SigningKey
    let heartbeatInterval: Duration
    /// What nodes name in their lease heartbeats.
    let leaseEpoch: Epoch
    let clock: WallClock
    let logger: Logger
    var nodes: [NodeID: FleetNode] = [:]
    var distributions: [DistributionID: ActiveDistribution] = [:]
    /// Which active distribution a task belongs to.
    var owners: [TaskID: DistributionID] = [:]
    /// What is being written, and not in `distributions` yet.
    var creating: Set<DistributionID> = []
    var blobs: [BlobID: BlobHashes] = [:]
    /// How long a distribution should take, by those that have completed.
    var forecast = TransferForecast()
    let gathered = GatheredAcks()
    /// When nodes that have left were last heard from, until it is stored.
    var lastSeen: [NodeID: Int64] = [:]
    /// Whose certificates nodes are to trust; nil in plaintext.
    var authorities: AuthoritySet?
    private var lastSession: UInt64 = 0
    private var generator = SystemRandomNumberGenerator()

    init(
        store: any ControlStore,
        signingKey: SigningKey,
        heartbeatInterval: Duration,
        leaseEpoch: Epoch,
        clock: WallClock,
        logger: Logger
    ) {
        self.store = store
        self.signingKey = signingKey
        self.heartbeatInterval = heartbeatInterval
        self.leaseEpoch = leaseEpoch
        self.clock = clock
        self.logger = logger
    }

    /// Reads all that had not ended when control last stopped.
    func load() async throws {
        for record in try await store.allNodes() {
            nodes[record.id] = FleetNode(record: record, node: try Node(encoded: record.payload))
        }
        for blob in try await store.activeBlobs() { try await loadHashes(of: blob) }
        for record in try await store.activeDistributions() {
            let tasks = try await store.tasks(of: record.id).map(ActiveTask.init)
            if let blob = blobs[record.blob] {
                blobs[record.blob]?.stripes = Self.stripes(out: tasks.map(\.record), pieces: blob.geometry.pieceCount)
            }
            adopt(
                ActiveDistribution(
                    record: record,
                    order: try Distribution(encoded: record.order),
                    tasks: Dictionary(uniqueKeysWithValues: tasks.map { ($0.record.id, $0) })
                )
            )
        }
        for record in try await store.distributions(PageRequest(size: Self.rememberedDistributions)).records.reversed()
        {
            foretell(by: record)
        }
        awaitRelays()
        // What was stored of tasks right before the end may not have moved their distributions on.
        for id in distributions.keys { try await moveOn(id) }
        logger.info("\(nodes.count) nodes known, \(distributions.count) distributions under way")
    }

    /// Ended distributions that the forecast begins with.
    private static let rememberedDistributions = 50

    /// A completed distribution tells how fast the next one should be.
    func foretell(by record: DistributionRecord) {
        guard record.state == .completed, let ended = record.endedAt,
            let order = try? Distribution(encoded: record.order)
        else { return }
        forecast.delivered(ByteCount(rawValue: order.size), in: .milliseconds(ended - record.createdAt))
    }

    func adopt(_ distribution: ActiveDistribution) {
        distributions[distribution.record.id] = distribution
        owners.reserveCapacity(owners.count + distribution.tasks.count)
        for task in distribution.tasks.keys { owners[task] = distribution.record.id }
    }

    /// How long the last hashes of a blob may take behind the end of its last distribution, so that there is a torrent.
    private static var lateHashes: Duration { .seconds(30) }

    /// Takes a distribution that has ended out of memory; what is stored of it stays.
    func forget(_ id: DistributionID) {
        guard let ended = distributions.removeValue(forKey: id) else { return }
        for task in ended.tasks.keys { owners.removeValue(forKey: task) }
        for watcher in ended.watchers.values { watcher.finish() }
        let blob = ended.record.blob
        guard ended.record.state == .completed, blobs[blob]?.manifest.isComplete == false else {
            return forgetHashes(of: blob)
        }
        keepForLateHashes(blob, from: relays(of: ended.relays.map(\.record)))
    }

    func keepForLateHashes(_ blob: BlobID, from relays: [Node]) {
        blobs[blob]?.lastRelays = relays
        Task {
            try? await Task.sleep(for: Self.lateHashes)
            forgetHashes(of: blob)
        }
    }

    private func forgetHashes(of blob: BlobID) {
        if !distributions.values.contains(where: { $0.record.blob == blob }) { blobs.removeValue(forKey: blob) }
    }

    func nextSession() -> UInt64 {
        lastSession += 1
        return lastSession
    }

    func newID<Resource>(_ prefix: String) -> ResourceID<Resource> {
        ResourceID(prefix: prefix, using: &generator)
    }

    func newTaskIDs() -> ResourceIDSeries<TaskResource> { ResourceIDSeries(prefix: "t", using: &generator) }
}
