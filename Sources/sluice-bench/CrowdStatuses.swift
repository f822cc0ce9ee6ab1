import SluiceAPI
import Units

/// What a crowd's agents say of their tasks: in turn, as often as control has asked, that they get on; and some time after the
/// last task came, all at the same moment, that they are done.
struct CrowdStatuses {
    private let completesAfter: Duration
    /// Who has which task, in the order they came.
    private var tasks: [(agent: Int, task: String)] = []
    private var interval = Duration.seconds(1)
    private var lastTask = BootTime.zero
    private var stepped = BootTime.zero
    private var turns = Turns()
    private var sequence: UInt64 = 0
    /// How many have said that they are done; nil before that.
    private var done: Int?

    init(completesAfter: Duration) { self.completesAfter = completesAfter }

    /// `interval` is what control asks for, where it is known.
    mutating func arrived(_ task: String, at agent: Int, interval: Duration?, now: BootTime) {
        tasks.append((agent, task))
        if let interval { self.interval = interval }
        if lastTask == .zero { stepped = now }
        lastTask = now
    }

    /// What is said now.
    mutating func step(at now: BootTime) -> [(agent: Int, status: TaskStatus)] {
        guard !tasks.isEmpty else { return [] }
        if let done {
            let end = min(tasks.count, done + 3_000)
            self.done = end
            return tasks[done..<end].map { ($0.agent, status(of: $0.task, .completed)) }
        }
        if now - lastTask >= completesAfter { done = 0 }
        let due = turns.due(of: tasks.count, intervals: (now - stepped) / interval)
        stepped = now
        return due.map { (tasks[$0].agent, status(of: tasks[$0].task, .running)) }
    }

    private mutating func status(of task: String, _ state: TaskState) -> TaskStatus {
        sequence += 1
        var status = TaskStatus()
        status.task = task
        status.sequence = sequence
        status.state = state
        status.verifiedBytes = state == .completed ? 1 << 20 : sequence % (1 << 20)
        return status
    }
}
