internal import Logging
internal import Manifest
internal import SluiceAPI
internal import Store
internal import Units

/// Relays that come to distributions under way: new ones, and such as take the place of others that are gone.
extension Fleet {
    /// Has a relay work for every distribution that has fewer relays than its order wants: the tasks are stored, then whoever
    /// works on one of them hears of the relay, and what nobody is left to pull is its own.
    func enlist(_ id: NodeID) async throws {
        let tasks = try newTasks(for: id)
        guard !tasks.isEmpty else { return }
        // At once, so that it is not enlisted twice.
        for task in tasks { adopt(task) }
        do {
            try await store.createTasks(tasks.map(\.record))
        } catch {
            for task in tasks { disown(task.record) }
            throw error
        }
        for task in tasks.map(\.record) {
            logger.info("\(id) works for \(task.distribution) from now on")
            if active(task.id)?.record.revision == task.revision { send(task) }
        }
        try await relayMoved(id)
        try await relayJoined(id)
        for blob in Set(tasks.map(\.record.blob)) {
            let relays = blobs[blob]?.stripes.allRelays ?? []
            for gone in relays where isGone(gone) { await inherit(from: gone, blob) }
        }
    }

    /// Relays that have nothing to do with a distribution take the place of those that it has lost.
    func enlistOthers() async {
        for relay in relays(atMost: nil) {
            do {
                try await enlist(relay.node)
            } catch {
                logger.error("\(relay.node) cannot take a place that is free: \(error)")
            }
        }
    }

    private func newTasks(for id: NodeID) throws -> [ActiveTask] {
        guard let relay = candidate(id) else { return [] }
        var tasks: [ActiveTask] = []
        for (distribution, active) in distributions where active.ending == nil && lacksRelay(active) {
            guard !active.relays.contains(where: { $0.record.node == id }),
                var work = active.relays.lazy.compactMap(\.record.relayTask).first
            else { continue }
            work.relays.append(Endpoint(relay))
            work.pullGrant = []
            work.ended = false
            let task = TaskRecord(
                id: newID("t"),
                distribution: distribution,
                blob: active.record.blob,
                node: id,
                kind: .relay,
                payload: TaskRecord.encoded(.relayTask(work))
            )
            tasks.append(try ActiveTask(task))
        }
        return tasks
    }

    /// Whether one more relay is wanted: always, where the order leaves it to us.
    private func lacksRelay(_ active: ActiveDistribution) -> Bool {
        let wanted = active.order.config?.relayCount ?? 0
        return wanted == 0 || active.relays.count { !$0.record.state.isLost && !isGone($0.record.node) } < wanted
    }

    /// Whether a relay's stream has been gone for longer than it is waited for.
    private func isGone(_ id: NodeID) -> Bool { nodes[id]?.isGone ?? true }

    private func adopt(_ task: ActiveTask) {
        distributions[task.record.distribution]?.add(task)
        owners[task.record.id] = task.record.distribution
    }

    private func disown(_ task: TaskRecord) {
        distributions[task.distribution]?.remove(task.id)
        owners.removeValue(forKey: task.id)
    }
}

extension TaskRecordState {
    /// It will not be done by this node.
    fileprivate var isLost: Bool { self == .failed || self == .cancelled }
}
