internal import Logging
internal import Manifest
internal import RPC
internal import Scheduling
internal import SluiceAPI
internal import Store
internal import Transport
internal import Units

extension Fleet {
    /// Watchers of one distribution at most.
    static var maximumWatchers: Int { 1000 }

    /// Creates a distribution and its tasks in one transaction, then tells the nodes.
    func create(_ asked: CheckedOrder, requestID: String) async throws -> Distribution {
        // A task of its own: what is stored is taken up, although the caller may go away.
        let id = try await Task { try await createWhole(asked, requestID: requestID) }.value
        return try await distribution(id)
    }

    private func createWhole(_ asked: CheckedOrder, requestID: String) async throws -> DistributionID {
        var order = asked
        if order.distribution.config?.expectedDuration == nil, let expected = forecast.expected(order.geometry.size) {
            order.distribution.config = order.distribution.config ?? DistributionConfig()
            order.distribution.config?.expectedDuration = ProtoDuration(expected)
        }
        let epoch = try await epoch(of: order.identity.blobID)
        let draft = OrderRecords(
            order: order,
            id: newID("d"),
            requestID: requestID,
            now: clock.milliseconds(),
            epoch: epoch,
            stripes: stripes(for: order),
            signingKey: signingKey,
            taskIDs: newTaskIDs()
        )
        creating.insert(draft.distribution.id)
        defer { creating.remove(draft.distribution.id) }
        // While they are written: a hundred thousand take a while.
        async let tasks = Self.active(draft.tasks)
        let creation = try await store.createDistribution(
            blob: draft.blob,
            distribution: draft.distribution,
            tasks: draft.tasks
        )
        let id = creation.distribution.id
        guard creation.isNew else { return id }
        adopt(ActiveDistribution(record: creation.distribution, order: order.distribution, tasks: try await tasks))
        do {
            try await begin(order, draft, creation.blob, epoch)
        } catch {
            logger.error("\(id) cannot begin: \(error)")
            try await end(id, as: .failed, because: "it could not begin")
            throw error
        }
        logger.info("\(id) created: \(order.distribution.fileName) to \(order.agents.count) agents")
        return id
    }

    /// Tells the nodes of a distribution that was just made.
    private func begin(_ order: CheckedOrder, _ draft: OrderRecords, _ blob: BlobRecord, _ epoch: Epoch) async throws {
        try await loadHashes(of: blob)
        let stripes = stripes(for: order)
        blobs[blob.id]?.stripes = stripes
        let now = BootClock.now()
        for relay in stripes.allRelays where blobs[blob.id]?.paces[relay] == nil {
            blobs[blob.id]?.paces[relay] = RelayPace(at: now)
        }
        if let raised = blobs[blob.id]?.epoch, raised > epoch {
            // Revoked while it was written: all are told what holds since.
            try await tellAll(blob.id, epoch: raised)
        } else {
            for task in draft.tasks { send(task) }
        }
    }

    /// What grants and assignments name: it outlives the memory of a blob that nobody works on.
    private func epoch(of blob: BlobID) async throws -> Epoch {
        if let known = blobs[blob] { return known.epoch }
        return try await store.blob(blob)?.epoch ?? Epoch(rawValue: 1)
    }

    private nonisolated static func active(_ tasks: [TaskRecord]) async throws -> [TaskID: ActiveTask] {
        Dictionary(uniqueKeysWithValues: try tasks.map { ($0.id, try ActiveTask($0)) })
    }

    /// A distribution as it is now, from memory, or from the store once it has ended.
    func distribution(_ id: DistributionID) async throws -> Distribution {
        if let active = distributions[id] { return snapshot(active) }
        guard let record = try await store.distribution(id) else {
            throw UserError(.notFound, "no distribution is named \(id)")
        }
        return DistributionSnapshot.make(
            order: try Distribution(encoded: record.order),
            record: record,
            tasks: try await store.tasks(of: id).map(ActiveTask.init),
            magnetLink: try await store.blob(record.blob).map(PublishedTorrent.magnetLink) ?? ""
        )
    }

    /// The state now and each change until the end; a slow watcher sees the latest.
    func watch(_ id: DistributionID) async throws -> AsyncStream<Distribution> {
        let (stream, continuation) = AsyncStream.makeStream(of: Distribution.self, bufferingPolicy: .bufferingNewest(1))
        let now = try await distribution(id)
        guard distributions[id] != nil else {
            continuation.yield(try await distribution(id))
            continuation.finish()
            return stream
        }
        guard distributions[id]?.watchers.count ?? 0 < Self.maximumWatchers else {
            throw UserError(.resourceExhausted, "\(id) already has \(Self.maximumWatchers) watchers")
        }
        let number = nextSession()
        distributions[id]?.watchers[number] = continuation
        continuation.onTermination = { _ in
            Task { await self.stopWatching(id, number) }
        }
        continuation.yield(now)
        return stream
    }

    private func stopWatching(_ id: DistributionID, _ number: UInt64) {
        distributions[id]?.watchers.removeValue(forKey: number)
    }

    func cancel(_ id: DistributionID) async throws -> Distribution {
        guard !creating.contains(id) else {
            throw UserError(.unavailable, "\(id) is just being made", hint: "Try again.")
        }
        if distributions[id] == nil, let record = try await store.distribution(id), distributions[id] == nil,
            !record.state.isFinal
        {
            // Stored and yet not taken up: it ends all the same.
            adopt(
                ActiveDistribution(
                    record: record,
                    order: try Distribution(encoded: record.order),
                    tasks: try await Self.active(try await store.tasks(of: id))
                )
            )
        }
        try await end(id, as: .cancelled, because: "")
        return try await distribution(id)
    }

    /// Ends a distribution: stored, nodes that still work on it are told to stop, watchers see the end. Returns once it is
    /// so, whoever began it.
    func end(_ id: DistributionID, as state: DistributionRecordState, because failure: String) async throws {
        guard let active = distributions[id] else { return }
        if let ending = active.ending { return try await ending.value }
        let ending = Task { try await storeEnd(id, as: state, because: failure) }
        distributions[id]?.ending = ending
        try await ending.value
    }

    private func storeEnd(_ id: DistributionID, as state: DistributionRecordState, because failure: String) async throws
    {
        guard let active = distributions[id] else { return }
        let now = clock.milliseconds()
        var stopped: [TaskRecord] = []
        if state != .completed {
            stopped = active.tasks.values.map(\.record).filter { !$0.state.isFinal }
                .map { $0.cancelled(because: failure.isEmpty ? "cancelled" : failure) }
        }
        // Relays that have the file keep it for nobody any more.
        let released = active.relays.map(\.record).filter { state == .completed || $0.state.isFinal }
            .compactMap(\.released)
        let revised = stopped + released
        let updates = revised.map { task in
            TaskUpdate(id: task.id, revision: task.revision, payload: task.payload, state: task.state)
        }
        do {
            _ = try await store.endDistribution(id, as: state, failure: failure, at: now, tasks: updates)
        } catch {
            distributions[id]?.ending = nil
            throw error
        }
        var record = active.record
        record.state = state
        record.failure = failure
        record.endedAt = now
        distributions[id]?.record = record
        for task in revised {
            distributions[id]?.tasks[task.id]?.record = task
            send(task)
        }
        foretell(by: record)
        showWatchers(id)
        logger.info("\(id) ended: \(state.rawValue)\(failure.isEmpty ? "" : ", " + failure)")
        forget(id)
    }

    /// Something changed: watchers see it soon, in one picture with what else changes until then.
    func tellWatchers(of id: DistributionID) {
        guard let active = distributions[id], !active.watchers.isEmpty, !active.isTelling else { return }
        distributions[id]?.isTelling = true
        let interval = StatusPace.lookInterval(tasks: active.tasks.count)
        Task {
            try? await Task.sleep(for: interval)
            distributions[id]?.isTelling = false
            showWatchers(id)
        }
    }

    private func showWatchers(_ id: DistributionID) {
        guard let active = distributions[id] else { return }
        let now = snapshot(active)
        for watcher in active.watchers.values { watcher.yield(now) }
    }

    private func snapshot(_ active: ActiveDistribution) -> Distribution {
        DistributionSnapshot.make(
            order: active.order,
            record: active.record,
            tasks: Array(active.tasks.values),
            magnetLink: blobs[active.record.blob]?.magnetLink ?? ""
        )
    }
}
