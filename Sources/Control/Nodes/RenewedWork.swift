internal import RPC
internal import SluiceAPI
internal import Store

/// The work of many tasks with one change. A hundred thousand share one encoding, and go on sharing one.
struct RenewedWork {
    private let change: (NodeTask.Work) -> NodeTask.Work?
    private var known: [[UInt8]: [UInt8]?] = [:]

    /// `change` gives nil for work that stays as it is.
    init(_ change: @escaping (NodeTask.Work) -> NodeTask.Work?) { self.change = change }

    /// The changed encoding of a task's payload; nil where it stays, or holds no work.
    mutating func renewed(_ payload: [UInt8]) -> [UInt8]? {
        if let known = known[payload] { return known }
        let changed = (try? NodeTask(encoded: payload))?.work.flatMap(change).map { TaskRecord.encoded($0) }
        known[payload] = .some(changed)
        return changed
    }
}

extension NodeTask.Work {
    /// With a relay as it is now; nil where it names it so.
    func naming(_ relay: Endpoint) -> NodeTask.Work? {
        func name(_ endpoints: inout [Endpoint]) -> Bool {
            guard let at = endpoints.firstIndex(where: { $0.node == relay.node }) else {
                endpoints.append(relay)
                return true
            }
            defer { endpoints[at] = relay }
            return endpoints[at] != relay
        }
        switch self {
        case .relayTask(var task): return name(&task.relays) ? .relayTask(task) : nil
        case .assignment(var assignment): return name(&assignment.relays) ? .assignment(assignment) : nil
        case .cancel: return nil
        }
    }
}
