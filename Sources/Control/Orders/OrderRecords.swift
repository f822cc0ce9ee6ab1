internal import Manifest
internal import RPC
internal import Scheduling
internal import SluiceAPI
internal import Store
internal import Units

/// What an order becomes in the store: a blob, a distribution, a task for each relay and each agent.
struct OrderRecords {
    let blob: BlobRecord
    let distribution: DistributionRecord
    let tasks: [TaskRecord]

    /// Of an order that names none.
    static let defaultPriority: UInt32 = 100

    init(
        order: CheckedOrder,
        id: DistributionID,
        requestID: String,
        now: Int64,
        epoch: Epoch,
        stripes: PullStripes,
        signingKey: SigningKey,
        taskIDs: ResourceIDSeries<TaskResource>
    ) {
        let config = order.distribution.config ?? DistributionConfig()
        let priority = config.priority == 0 ? Self.defaultPriority : config.priority
        blob = BlobRecord(
            id: order.identity.blobID,
            url: order.identity.url,
            size: order.geometry.size,
            etag: order.identity.etag ?? "",
            lastModified: order.identity.lastModified ?? "",
            pieceLength: order.geometry.pieceLength,
            fileName: order.distribution.fileName,
            sha256: order.sha256,
            origin: order.origin,
            epoch: epoch,
            publisherTorrent: config.torrent,
            finishedTorrent: config.torrent,
            createdAt: now
        )
        var kept = order.distribution
        kept.name = id.text
        distribution = DistributionRecord(
            id: id,
            requestID: requestID,
            blob: blob.id,
            origin: order.origin,
            order: kept.encoded,
            priority: priority,
            createdAt: now
        )
        let message = Blob(blob, allowPrivateAddresses: order.allowPrivateAddresses, baseURLs: order.baseURLs)
        let assignment = TaskRecord.encoded(.assignment(Self.assignment(order, message, id, priority, epoch)))
        let work: [Work] =
            Self.relayTasks(order, message, id, priority, epoch, stripes, signingKey)
            + order.agents.map { ($0, .agent, assignment) }
        let blobID = blob.id
        var taskIDs = taskIDs
        tasks = work.map { node, kind, work in
            TaskRecord(id: taskIDs.next(), distribution: id, blob: blobID, node: node, kind: kind, payload: work)
        }
    }

    private typealias Work = (NodeID, TaskKind, [UInt8])

    private static func relayTasks(
        _ order: CheckedOrder,
        _ blob: Blob,
        _ id: DistributionID,
        _ priority: UInt32,
        _ epoch: Epoch,
        _ stripes: PullStripes,
        _ signingKey: SigningKey
    ) -> [Work] {
        let endpoints = order.relays.map(Endpoint.init)
        return order.relays.map { relay in
            var task = RelayTask()
            task.blob = blob
            task.distribution = id.text
            task.relays = endpoints
            task.priority = priority
            task.windows = order.distribution.config?.windows ?? []
            task.onlyInWindows = order.distribution.config?.onlyInWindows ?? false
            task.retryFor = order.distribution.config?.retryFor
            let owned = stripes.stripes(of: relay.node)
            // A relay that pulls nothing is one more peer.
            if !owned.isEmpty {
                let grant = PullGrant.signed(
                    blob: order.identity.blobID,
                    geometry: order.geometry,
                    relay: relay.publicKey,
                    stripes: owned,
                    epoch: epoch,
                    by: signingKey
                )
                task.pullGrant = grant.encoded
            }
            return (relay.node, .relay, TaskRecord.encoded(.relayTask(task)))
        }
    }

    /// What every agent is told.
    private static func assignment(
        _ order: CheckedOrder,
        _ blob: Blob,
        _ id: DistributionID,
        _ priority: UInt32,
        _ epoch: Epoch
    ) -> Assignment {
        var assignment = Assignment()
        assignment.blob = blob
        assignment.distribution = id.text
        assignment.fileName = order.distribution.fileName
        assignment.relays = order.relays.map(Endpoint.init)
        assignment.config = order.distribution.config ?? DistributionConfig()
        assignment.config?.torrent = []
        assignment.epoch = epoch.rawValue
        assignment.priority = priority
        assignment.statusInterval = ProtoDuration(StatusPace.interval(agents: order.agents.count))
        return assignment
    }
}
