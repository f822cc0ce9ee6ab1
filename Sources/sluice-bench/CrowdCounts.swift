/// What has happened to a crowd so far. Times are nanoseconds of the monotonic clock.
struct CrowdCounts: Equatable {
    var open = 0
    var welcomed = 0
    var lost = 0
    var failed = 0
    var drained = 0
    var tasks = 0
    var repeats = 0
    var heartbeats = 0
    /// Statuses sent, those of them that say that a task is done, and those that control has stored.
    var statuses = 0
    var completed = 0
    var stored = 0
    /// When the first agent said that it is done.
    var firstCompleted: UInt64 = 0
    /// Connections at the origin that leases allow and agents have in use: now, and the most at any instant.
    var leased = 0
    var mostLeased = 0
    /// How often an agent has got one.
    var served = 0
    /// When the first and the last task that was new to its agent came.
    var firstTask: UInt64 = 0
    var lastTask: UInt64 = 0
    /// When the last agent was welcomed.
    var lastWelcome: UInt64 = 0

    var json: String {
        """
        {"open":\(open),"welcomed":\(welcomed),"lost":\(lost),"failed":\(failed),"drained":\(drained),\
        "tasks":\(tasks),"repeats":\(repeats),"heartbeats":\(heartbeats),\
        "statuses":\(statuses),"completed":\(completed),"stored":\(stored),\
        "first_completed":\(Double(firstCompleted) / 1e9),\
        "leased":\(leased),"most_leased":\(mostLeased),"served":\(served),\
        "first_task":\(Double(firstTask) / 1e9),"last_task":\(Double(lastTask) / 1e9),\
        "last_welcome":\(Double(lastWelcome) / 1e9)}
        """
    }
}
