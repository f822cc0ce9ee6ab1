internal import Manifest
internal import Scheduling
internal import SluiceAPI
internal import Store
internal import Units

extension Fleet {
    /// The connected relays that are fit for a new task, the least loaded first.
    func relays(atMost count: Int?) -> [RelayCandidate] {
        var load: [NodeID: Int] = [:]
        for distribution in distributions.values {
            for task in distribution.tasks.values where task.record.kind == .relay {
                load[task.record.node, default: 0] += 1
            }
        }
        var candidates: [RelayPlacement.Candidate] = []
        for (id, node) in nodes where node.isConnected && node.node.role == .relay {
            candidates.append(RelayPlacement.Candidate(node: id, load: load[id] ?? 0))
        }
        return RelayPlacement.choose(candidates, atMost: count).compactMap { id in
            guard let node = nodes[id], let key = node.publicKey else { return nil }
            return RelayCandidate(
                node: id,
                address: node.node.address,
                usesTLS: node.node.labels.contains { $0.key == "tls" && $0.value == "yes" },
                site: node.node.labels.first { $0.key == "site" }?.value ?? "",
                publicKey: key
            )
        }
    }

    /// A relay has come back, perhaps at another address: who is told to find it there gets a new revision.
    func relayMoved(_ id: NodeID) async throws {
        guard let address = nodes[id]?.node.address else { return }
        var updates: [TaskUpdate] = []
        var changed: [TaskRecord] = []
        for (distribution, active) in distributions {
            for (task, entry) in active.tasks where !entry.record.state.isFinal {
                guard let record = entry.record.pointed(to: address, of: id) else { continue }
                distributions[distribution]?.tasks[task]?.record = record
                changed.append(record)
                updates.append(TaskUpdate(id: task, revision: record.revision, payload: record.payload))
            }
        }
        guard !updates.isEmpty else { return }
        try await store.updateTasks(updates)
        for record in changed where record.node != id { send(record) }
    }
}
