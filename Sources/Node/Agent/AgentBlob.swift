internal import Manifest
internal import PieceCache
internal import SluiceAPI
internal import Units

/// One blob on an agent: downloaded once, however many assignments name it, and shared until the cache needs its room.
actor AgentBlob {
    private let runtime: NodeRuntime
    private let blob: ActiveBlob
    private let destination: String
    private let evicted: @Sendable (AgentBlob) async -> Void
    private var deliveries: [String: BlobDelivery] = [:]
    private var assignments: [String: Assignment] = [:]
    private var download: BlobDownload?
    /// Assignments whose delivery has ended.
    private var ended: Set<String> = []
    /// How the download has ended; nil while it goes on.
    private var outcome: BlobDownload.Outcome?

    private init(
        runtime: NodeRuntime,
        blob: ActiveBlob,
        destination: String,
        evicted: @escaping @Sendable (AgentBlob) async -> Void
    ) {
        self.runtime = runtime
        self.blob = blob
        self.destination = destination
        self.evicted = evicted
    }

    /// `evicted` is called once the cache has taken the blob away.
    static func open(
        _ assignment: Assignment,
        control: VerifyingKey,
        destination: String,
        runtime: NodeRuntime,
        evicted: @escaping @Sendable (AgentBlob) async -> Void
    ) async throws -> AgentBlob {
        guard let message = assignment.blob else {
            throw UserError(.invalidArgument, "the assignment names no blob")
        }
        let blob = try await ActiveBlob.open(
            message,
            control: control,
            epoch: Epoch(rawValue: assignment.epoch),
            advises: false,
            runtime: runtime
        )
        return AgentBlob(runtime: runtime, blob: blob, destination: destination, evicted: evicted)
    }

    /// Whether the cache still has it.
    var isThere: Bool { !blob.cache.isRemoved }

    /// An assignment, or a new revision of one: relays may have moved, a higher epoch may revoke batches.
    func add(_ task: String, _ assignment: Assignment) async throws {
        blob.pin(in: runtime)
        assignments[task] = assignment
        blob.raiseEpoch(to: Epoch(rawValue: assignment.epoch))
        await download?.epochRaised()
        await replan()
        if let known = deliveries[task] {
            await known.revised(assignment)
            return unpinIfIdle()
        }
        let delivery = try BlobDelivery(
            task: task,
            assignment: assignment,
            blob: blob,
            destination: destination,
            runtime: runtime,
            progress: { await self.download?.progress },
            ended: { await self.ended(task, $0) }
        )
        deliveries[task] = delivery
        await delivery.start()
        switch outcome {
        case .complete: await delivery.told(.complete)
        case nil where download != nil: break
        default: await begin()
        }
    }

    /// Returns whether no assignment names the blob any more.
    func remove(_ task: String) async -> Bool {
        assignments[task] = nil
        ended.remove(task)
        await deliveries.removeValue(forKey: task)?.stop()
        guard !deliveries.isEmpty else { return true }
        await replan()
        unpinIfIdle()
        return false
    }

    func stop() async {
        for delivery in deliveries.values { await delivery.stop() }
        await download?.stop()
        await blob.close(in: runtime)
    }

    private var plan: DownloadPlan? {
        .joined(assignments.sorted { $0.key < $1.key }.map { DownloadPlan($0.value) })
    }

    private func replan() async {
        if let plan { await download?.planChanged(to: plan) }
    }

    private func begin() async {
        guard let plan else { return }
        outcome = nil
        await download?.stop()
        let download = BlobDownload(of: blob, plan: plan, runtime: runtime) { outcome in await self.told(outcome) }
        self.download = download
        blob.cache.expectDigest()
        await download.start()
    }

    private func told(_ outcome: BlobDownload.Outcome) async {
        switch outcome {
        case .complete, .failed: self.outcome = outcome
        case .revoked:
            self.outcome = nil
            blob.pin(in: runtime)
        case .evicted: return await evicted(self)
        }
        for delivery in deliveries.values { await delivery.told(outcome) }
    }

    private func ended(_ task: String, _ hasEnded: Bool) {
        if hasEnded { ended.insert(task) } else { ended.remove(task) }
        unpinIfIdle()
    }

    /// What nobody waits for is the cache's to evict.
    private func unpinIfIdle() {
        if deliveries.keys.allSatisfy(ended.contains) { blob.unpin(in: runtime) }
    }
}
