/// What a crowd of agents is to do.
struct CrowdPlan: Sendable {
    let host: String
    let port: Int
    let agents: Int
    /// Connections begun in a second at most.
    let connectsPerSecond: Int
    /// Streams from one address of 127/8; a port is taken for each.
    let streamsPerAddress: Int
    /// KEY=VALUE.
    let label: String
    /// Where lease heartbeats are for; none are sent without it.
    let origin: String?
    let hasRelay: Bool
    let seed: UInt64

    /// Streams in all.
    var streams: Int { agents + (hasRelay ? 1 : 0) }

    /// The relay comes behind the agents.
    func isRelay(_ index: Int) -> Bool { index >= agents }

    func name(_ index: Int) -> String { isRelay(index) ? "bench-relay" : "bench-\(index)" }

    /// 127.1.0.1 and upwards.
    func address(_ index: Int) -> String {
        let number = index / streamsPerAddress
        return "127.\(1 + number / 62_500).\(number / 250 % 250).\(1 + number % 250)"
    }
}
