import Units

/// What a crowd of agents is to do.
struct CrowdPlan: Sendable {
    let host: String
    let port: Int
    let agents: Int
    /// Connections begun in a second at most.
    let connectsPerSecond: Int
    /// Connections from one address of 127/8; a port is taken for each.
    let connectionsPerAddress: Int
    /// Agents that share a connection, each with a stream of its own: one as real agents have it, more where the machine
    /// does not let a process have so many files.
    let agentsPerConnection: Int
    /// KEY=VALUE.
    let label: String
    /// What lease heartbeats are for; none are sent without it.
    let origin: OriginID?
    /// Whether they want a connection there.
    let wantsLeases: Bool
    let hasRelay: Bool
    /// How long after the last task every agent says that it is done; nil for agents that say nothing of their tasks.
    let completesAfter: Duration?
    let seed: UInt64

    /// Streams in all.
    var streams: Int { agents + (hasRelay ? 1 : 0) }

    /// Connections in all; the relay has its own.
    var groups: Int { agentGroups + (hasRelay ? 1 : 0) }

    private var agentGroups: Int { (agents + agentsPerConnection - 1) / agentsPerConnection }

    /// Who shares a connection.
    func agents(of group: Int) -> Range<Int> {
        guard group < agentGroups else { return agents..<agents + 1 }
        return group * agentsPerConnection..<min(agents, (group + 1) * agentsPerConnection)
    }

    /// Which of the calls of its connection is an agent's, or the relay's.
    func call(of index: Int) -> Int { index - agents(of: group(of: index)).lowerBound }

    /// Whose connection an agent, or the relay, is on.
    func group(of index: Int) -> Int { isRelay(index) ? agentGroups : index / agentsPerConnection }

    /// The relay comes behind the agents.
    func isRelay(_ index: Int) -> Bool { index >= agents }

    func name(_ index: Int) -> String { isRelay(index) ? "bench-relay" : "bench-\(index)" }

    /// 127.1.0.1 and upwards.
    func address(_ group: Int) -> String {
        let number = group / connectionsPerAddress
        return "127.\(1 + number / 62_500).\(number / 250 % 250).\(1 + number % 250)"
    }
}
