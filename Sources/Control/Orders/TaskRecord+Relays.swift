internal import RPC
internal import SluiceAPI
internal import Store
internal import Units

extension TaskRecord {
    /// The next revision with a relay's new address; nil where it has none of that relay, or has that address.
    func pointed(to address: String, of relay: NodeID) -> TaskRecord? {
        guard let message = try? NodeTask(encoded: payload) else { return nil }
        func moved(_ endpoints: [Endpoint]) -> [Endpoint]? {
            var endpoints = endpoints
            guard let at = endpoints.firstIndex(where: { $0.node == relay.text && $0.address != address }) else {
                return nil
            }
            endpoints[at].address = address
            return endpoints
        }
        switch message.work {
        case .relayTask(var task):
            guard let endpoints = moved(task.relays) else { return nil }
            task.relays = endpoints
            return revised(.relayTask(task), state: state)
        case .assignment(var assignment):
            guard let endpoints = moved(assignment.relays) else { return nil }
            assignment.relays = endpoints
            return revised(.assignment(assignment), state: state)
        case .cancel, nil: return nil
        }
    }
}
