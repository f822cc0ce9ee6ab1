internal import SluiceAPI
internal import Store
internal import Units

/// A distribution that has not ended, in memory: what is stored of it and what its nodes last said.
struct ActiveDistribution: Sendable {
    var record: DistributionRecord
    /// The order as it was created; its progress fields are not used.
    let order: Distribution
    var tasks: [TaskID: ActiveTask]
    /// Which of its tasks are relays': few among very many.
    private var relayTasks: [TaskID]
    /// Stores its end.
    var ending: Task<Void, any Error>?
    /// Watchers will soon be shown what has changed.
    var isTelling = false
    /// It will soon be looked at whether it has ended.
    var isMovingOn = false
    var watchers: [UInt64: AsyncStream<Distribution>.Continuation] = [:]

    /// Relays' tasks.
    var relays: [ActiveTask] { relayTasks.compactMap { tasks[$0] } }

    init(record: DistributionRecord, order: Distribution, tasks: [TaskID: ActiveTask]) {
        self.record = record
        self.order = order
        self.tasks = tasks
        relayTasks = tasks.values.filter { $0.record.kind == .relay }.map(\.record.id)
    }

    /// One more relay.
    mutating func add(_ task: ActiveTask) {
        if tasks.updateValue(task, forKey: task.record.id) == nil { relayTasks.append(task.record.id) }
    }

    mutating func remove(_ task: TaskID) {
        tasks.removeValue(forKey: task)
        relayTasks.removeAll { $0 == task }
    }
}
