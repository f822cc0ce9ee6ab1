/// How often nodes tell how far they are, and how often control looks at all of it: what a user sees as steady progress, and
/// with very many targets what control can take.
package enum StatusPace {
    /// Statuses a second from all agents of a distribution, beside those that say that one has begun or ended.
    package static let statusesPerSecond = 2_000
    /// Tasks a second that are looked at for one distribution.
    package static let tasksPerSecond = 100_000

    /// Between two statuses of one agent.
    package static func interval(agents: Int) -> Duration {
        max(.milliseconds(250), .milliseconds(agents * 1_000 / statusesPerSecond))
    }

    /// Between two looks at a whole distribution.
    package static func lookInterval(tasks: Int) -> Duration {
        max(.milliseconds(100), .milliseconds(tasks * 1_000 / tasksPerSecond))
    }
}
