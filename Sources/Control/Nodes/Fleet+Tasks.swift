internal import Leases
internal import Logging
internal import Manifest
internal import RPC
internal import Scheduling
internal import SluiceAPI
internal import Store
internal import Transport
internal import Units

extension Fleet {
    /// Sends every open task whose latest revision the node has not applied (at-least-once; the node is idempotent).
    func sendTasks(to id: NodeID, having applied: [TaskAck]) async throws {
        let has = Dictionary(applied.map { ($0.task, $0.revision) }, uniquingKeysWith: max)
        for record in try await store.openTasks(of: id) {
            guard let revision = has[record.id.text], revision >= record.revision.rawValue else {
                send(record)
                continue
            }
            // Control ended before it stored that.
            guard record.acknowledgedRevision < record.revision else { continue }
            var ack = TaskAck()
            ack.task = record.id.text
            ack.revision = record.revision.rawValue
            gather(ack, by: id)
        }
        for (task, revision) in try await unknown(applied, to: id) {
            var cancel = CancelTask()
            cancel.reason = "control does not know this task"
            var message = NodeTask()
            message.task = task.text
            message.revision = revision == .max ? .max : revision + 1
            message.work = .cancel(cancel)
            nodes[id]?.stream?.send(.task(message))
        }
    }

    /// What a node works on although it has no such task here.
    private func unknown(_ applied: [TaskAck], to node: NodeID) async throws -> [(TaskID, revision: UInt64)] {
        let asked = applied.compactMap { ack in TaskID(ack.task).map { ($0, revision: ack.revision) } }
            .filter { id, _ in owners[id].flatMap { distributions[$0]?.tasks[id] }?.record.node != node }
        guard !asked.isEmpty else { return [] }
        let known = try await store.nodes(of: asked.map(\.0))
        return asked.filter { known[$0.0] != node }
    }

    func send(_ record: TaskRecord) {
        nodes[record.node]?.stream?.sendTask(record.id, record.revision, work: record.payload)
    }

    /// Nodes have applied revisions; they are stored in one transaction, so that a restart does not send them again.
    func acknowledged(_ acks: [(ack: TaskAck, node: NodeID)]) async throws {
        var updates: [TaskUpdate] = []
        for (ack, node) in acks {
            guard let id = TaskID(ack.task) else { continue }
            let revision = Revision(rawValue: ack.revision)
            if let task = active(id) {
                guard task.record.node == node, revision <= task.record.revision else { continue }
            } else {
                guard let record = try await store.task(id), record.node == node, revision <= record.revision else {
                    continue
                }
            }
            updates.append(TaskUpdate(id: id, acknowledgedRevision: revision))
        }
        try await store.updateTasks(updates)
        for update in updates {
            guard let task = active(update.id), let applied = update.acknowledgedRevision,
                applied > task.record.acknowledgedRevision, let owner = owners[update.id]
            else { continue }
            distributions[owner]?.tasks[update.id]?.record.acknowledgedRevision = applied
        }
    }

    /// A task of a distribution that has not ended.
    func active(_ id: TaskID) -> ActiveTask? { owners[id].flatMap { distributions[$0]?.tasks[id] } }

    /// A node reports; it is stored, acknowledged, and the distribution moves on.
    func statusArrived(_ told: TaskStatus, from node: NodeID) async throws {
        guard let id = TaskID(told.task) else { return }
        guard let owner = owners[id], let task = active(id), task.record.node == node else {
            return acknowledgeStatus(told, to: node)
        }
        let status = told.bounded(by: size(of: owner))
        let before = task.record.state
        if status.sequence > task.record.statusSequence, let state = state(by: status, of: task.record) {
            let update = TaskStatusUpdate(sequence: status.sequence, payload: status.encoded)
            try await store.updateTasks([TaskUpdate(id: id, state: state, status: update)])
            stored(status, of: id)
        }
        acknowledgeStatus(status, to: node)
        guard let after = active(id)?.record.state else { return }
        if !status.originChanged.isEmpty, task.record.kind == .relay {
            try await end(owner, as: .failed, because: "the origin changed: \(status.originChanged)")
        } else {
            if after == before { tellWatchers(of: owner) } else { try await phaseChanged(owner) }
            if let blob = distributions[owner]?.record.blob { try await progressTold(status, of: blob, task.record) }
        }
    }

    /// Whoever pulls may be slow, or done. Of a publisher's torrent only relays' own words say so.
    private func progressTold(_ status: TaskStatus, of blob: BlobID, _ task: TaskRecord) async throws {
        if task.kind == .relay { blobs[blob]?.originTold(status.originBytes, by: task.node, at: BootClock.now()) }
        guard task.kind == .relay || blobs[blob]?.isPublishers == false else { return }
        try await relaysMayHelp(with: blob)
    }

    /// The store has it; what came to the task meanwhile stays.
    func stored(_ status: TaskStatus, of id: TaskID) {
        guard let owner = owners[id], var task = distributions[owner]?.tasks[id],
            status.sequence > task.record.statusSequence
        else { return }
        task.status = status
        task.record.statusSequence = status.sequence
        if !task.record.state.isFinal, let state = state(by: status, of: task.record) { task.record.state = state }
        distributions[owner]?.tasks[id] = task
    }

    private func size(of id: DistributionID) -> UInt64 {
        guard let active = distributions[id] else { return 0 }
        return blobs[active.record.blob]?.geometry.size.rawValue ?? active.order.size
    }

    /// What a status says; nil for a state that this build does not know. Relays vouch for what the origin has: an agent to
    /// whom it has given another file has failed alone.
    private func state(by status: TaskStatus, of task: TaskRecord) -> TaskRecordState? {
        if task.kind == .agent, !status.originChanged.isEmpty { return .failed }
        return isOutdated(status, task.distribution) ? .running : TaskRecordState(status.state)
    }

    /// The most that a node's tasks can weigh at an origin: its orders say it, not the node.
    func highestWeight(of node: NodeID, at origin: String) -> UInt32 {
        let priorities = distributions.values.lazy.filter { $0.record.origin.text == origin }.map(\.record.priority)
        let highest = priorities.max() ?? OrderRecords.defaultPriority
        return nodes[node]?.node.role == .relay ? highest * LeaseTerms.relayWeight : highest
    }

    /// Whether an agent was done before its hashes were revoked: it has yet to prove them again.
    private func isOutdated(_ status: TaskStatus, _ id: DistributionID) -> Bool {
        guard status.state == .completed, status.epoch > 0, let blob = distributions[id]?.record.blob,
            let epoch = blobs[blob]?.epoch
        else { return false }
        return status.epoch < epoch.rawValue
    }

    private func acknowledgeStatus(_ status: TaskStatus, to node: NodeID) {
        var ack = StatusAck()
        ack.task = status.task
        ack.sequence = status.sequence
        nodes[node]?.stream?.send(.statusAck(ack))
    }

    /// Tasks above which a distribution is moved on for many changes at once.
    private static var manyTasks: Int { 1000 }

    /// A task of a distribution has moved on, and perhaps the distribution with it. To look at all tasks of a large one for
    /// each change would cost the square of their number.
    private func phaseChanged(_ id: DistributionID) async throws {
        guard let distribution = distributions[id], distribution.tasks.count > Self.manyTasks else {
            return try await moveOn(id)
        }
        guard !distribution.isMovingOn else { return }
        distributions[id]?.isMovingOn = true
        let interval = StatusPace.lookInterval(tasks: distribution.tasks.count)
        Task {
            try? await Task.sleep(for: interval)
            distributions[id]?.isMovingOn = false
            do {
                try await moveOn(id)
            } catch {
                // The next status of any of its tasks tries again.
                logger.error("\(id) could not be moved on: \(error)")
            }
        }
    }

    /// Moves a distribution on by its tasks' states.
    func moveOn(_ id: DistributionID) async throws {
        guard let distribution = distributions[id] else { return }
        let agents = distribution.tasks.values.filter { $0.record.kind == .agent }
        let relays = distribution.relays
        switch DistributionOutcome.of(agents: agents.map(\.phase), relays: relays.map(\.phase)) {
        case .pending: break
        case .running:
            if distribution.record.state == .pending {
                try await store.updateDistribution(id, state: .running, failure: "", endedAt: nil)
                if distributions[id]?.record.state == .pending { distributions[id]?.record.state = .running }
            }
        case .completed: return try await end(id, as: .completed, because: "")
        case .targetsFailed(let count):
            let example = Self.firstFailed(among: agents).map { "; \($0.record.node): \($0.status.message)" } ?? ""
            return try await end(id, as: .failed, because: "\(count) of \(agents.count) targets failed\(example)")
        case .relaysFailed:
            let example = Self.firstFailed(among: relays)?.status.message ?? ""
            return try await end(id, as: .failed, because: "no relay could pull it: \(example)")
        }
        tellWatchers(of: id)
    }

    /// By their names, so that the same is told each time.
    private static func firstFailed(among tasks: [ActiveTask]) -> ActiveTask? {
        tasks.filter { $0.record.state == .failed }.min { $0.record.node < $1.record.node }
    }
}
