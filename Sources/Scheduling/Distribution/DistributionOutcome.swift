/// Where a distribution stands, by where its tasks stand.
package enum DistributionOutcome: Hashable, Sendable {
    case pending
    case running
    case completed
    /// How many targets failed.
    case targetsFailed(count: Int)
    /// No relay can pull.
    case relaysFailed

    /// Where one task stands.
    package enum TaskPhase: Hashable, Sendable {
        case pending, running, completed, failed, cancelled

        var isFinal: Bool { self != .pending && self != .running }
    }

    /// Agents decide: when all have ended it is over. While they have not, it fails only when every relay has.
    package static func of(agents: [TaskPhase], relays: [TaskPhase]) -> DistributionOutcome {
        if !agents.isEmpty, agents.allSatisfy(\.isFinal) {
            let failed = agents.count { $0 == .failed }
            return failed == 0 ? .completed : .targetsFailed(count: failed)
        }
        if !relays.isEmpty, relays.allSatisfy({ $0 == .failed }) { return .relaysFailed }
        let isPending = agents.allSatisfy { $0 == .pending } && relays.allSatisfy { $0 == .pending }
        return isPending ? .pending : .running
    }
}
