internal import Manifest
internal import Scheduling
internal import SluiceAPI
internal import Store
internal import Units

extension Fleet {
    /// The connected relays that are fit for a new task, the least loaded first.
    func relays(atMost count: Int?) -> [RelayCandidate] {
        var load: [NodeID: Int] = [:]
        for task in distributions.values.flatMap(\.relays) { load[task.record.node, default: 0] += 1 }
        var candidates: [RelayPlacement.Candidate] = []
        for (id, node) in nodes where node.isConnected && node.node.role == .relay {
            candidates.append(RelayPlacement.Candidate(node: id, load: load[id] ?? 0))
        }
        return RelayPlacement.choose(candidates, atMost: count).compactMap { candidate($0) }
    }

    /// A relay as it is now; nil for one that gave no proper key.
    func candidate(_ id: NodeID) -> RelayCandidate? {
        guard let node = nodes[id], let key = node.publicKey else { return nil }
        return RelayCandidate(
            node: id,
            address: node.node.address,
            usesTLS: node.node.labels.contains { $0.key == "tls" && $0.value == "yes" },
            site: node.node.labels.first { $0.key == "site" }?.value ?? "",
            publicKey: key
        )
    }

    /// A relay has come, or has come back, perhaps at another address: who works with it gets a new revision.
    func relayMoved(_ id: NodeID) async throws {
        guard let relay = candidate(id) else { return }
        var work = RenewedWork { $0.naming(Endpoint(relay)) }
        var changed: [TaskRecord] = []
        for active in distributions.values where active.relays.contains(where: { $0.record.node == id }) {
            for task in active.tasks.values where !task.record.state.isFinal {
                guard let renewed = work.renewed(task.record.payload) else { continue }
                changed.append(task.record.revised(encoded: renewed, state: task.record.state))
            }
        }
        // It is told its own when it connects.
        try await keep(changed, except: id)
    }
}
