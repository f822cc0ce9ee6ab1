/// What peers owe together, kept so that it need not be counted anew for every block.
struct PeerLoad: Hashable, Sendable {
    /// Blocks asked of peers and not come yet.
    var owed = 0
    /// Of them, what peers owe that were silent at the last tick.
    var owedBySilent = 0
    /// Agents that owe blocks.
    var agents = 0
    /// Of them, those that stood still at the last tick.
    var agentsAtRest = 0

    /// What those owe who have fallen silent keeps nobody else from being asked.
    var owedByOthers: Int { max(0, owed - owedBySilent) }
    var activeAgents: Int { max(0, agents - agentsAtRest) }
}
