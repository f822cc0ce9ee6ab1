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
    /// With a relay's new address; nil where it names none of that relay, or has that address.
    func pointed(to address: String, of relay: String) -> NodeTask.Work? {
        func moved(_ endpoints: inout [Endpoint]) -> Bool {
            guard let at = endpoints.firstIndex(where: { $0.node == relay && $0.address != address }) else {
                return false
            }
            endpoints[at].address = address
            return true
        }
        switch self {
        case .relayTask(var task): return moved(&task.relays) ? .relayTask(task) : nil
        case .assignment(var assignment): return moved(&assignment.relays) ? .assignment(assignment) : nil
        case .cancel: return nil
        }
    }
}
