/// Where a distribution stands, by where its tasks stand.
package enum DistributionOutcome: Hashable, Sendable {
    case pending
    case running
    case completed
    /// How many targets failed, and which was the first in order.
    case targetsFailed(count: Int, first: Int)
    /// No relay can pull; the first in order.
    case relaysFailed(first: Int)

    /// Where one task stands.
    package enum TaskPhase: Hashable, Sendable {
        case pending, running, completed, failed, cancelled

        var isFinal: Bool { self != .pending && self != .running }
    }

    /// Agents decide: when all have ended it is over. While they have not, it fails only when every relay has.
    package static func of(agents: [TaskPhase], relays: [TaskPhase]) -> DistributionOutcome {
        if !agents.isEmpty, agents.allSatisfy(\.isFinal) {
            guard let first = agents.firstIndex(of: .failed) else { return .completed }
            return .targetsFailed(count: agents.count { $0 == .failed }, first: first)
        }
        if !relays.isEmpty, relays.allSatisfy({ $0 == .failed }) { return .relaysFailed(first: 0) }
        return (agents + relays).allSatisfy { $0 == .pending } ? .pending : .running
    }
}
