internal import Logging
internal import RPC
internal import Scheduling
internal import SluiceAPI
internal import Store
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
        // What the node still works on although it has ended here: stop it.
        for ack in applied {
            guard let task = TaskID(ack.task) else { continue }
            let record = try await store.task(task)
            guard record == nil || record?.node != id else { continue }
            var cancel = CancelTask()
            cancel.reason = "control does not know this task"
            var message = NodeTask()
            message.task = ack.task
            message.revision = ack.revision + 1
            message.work = .cancel(cancel)
            nodes[id]?.stream?.send(.task(message))
        }
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
            if let owner = owners[id], let task = distributions[owner]?.tasks[id] {
                guard task.record.node == node, revision <= task.record.revision else { continue }
                distributions[owner]?.tasks[id]?.record.acknowledgedRevision = revision
            } else {
                guard let record = try await store.task(id), record.node == node, revision <= record.revision else {
                    continue
                }
            }
            updates.append(TaskUpdate(id: id, acknowledgedRevision: revision))
        }
        try await store.updateTasks(updates)
    }

    /// A node reports; it is stored, acknowledged, and the distribution moves on.
    func statusArrived(_ status: TaskStatus, from node: NodeID) async throws {
        guard let id = TaskID(status.task) else { return }
        guard let owner = owners[id], var task = distributions[owner]?.tasks[id], task.record.node == node else {
            return acknowledgeStatus(status, to: node)
        }
        let before = task.record.state
        if status.sequence > task.record.statusSequence,
            let state = isOutdated(status, owner) ? .running : TaskRecordState(status.state)
        {
            task.status = status
            task.record.statusSequence = status.sequence
            if !task.record.state.isFinal { task.record.state = state }
            distributions[owner]?.tasks[id] = task
            let update = TaskStatusUpdate(sequence: status.sequence, payload: status.encoded)
            try await store.updateTasks([TaskUpdate(id: id, state: task.record.state, status: update)])
        }
        acknowledgeStatus(status, to: node)
        if !status.originChanged.isEmpty {
            try await end(owner, as: .failed, because: "the origin changed: \(status.originChanged)")
        } else {
            if task.record.state == before { tellWatchers(of: owner) } else { try await phaseChanged(owner) }
            if let blob = distributions[owner]?.record.blob { try await relaysMayHelp(with: blob) }
        }
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
        let relays = distribution.tasks.values.filter { $0.record.kind == .relay }
        switch DistributionOutcome.of(agents: agents.map(\.phase), relays: relays.map(\.phase)) {
        case .pending: break
        case .running:
            if distribution.record.state == .pending {
                distributions[id]?.record.state = .running
                try await store.updateDistribution(id, state: .running, failure: "", endedAt: nil)
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
