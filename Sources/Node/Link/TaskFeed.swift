internal import Scheduling
internal import SluiceAPI
internal import Synchronization
internal import Units

/// The tasks that control gave this node: applied once each, acknowledged, and named again in every hello.
final class TaskFeed: Sendable {
    enum Change: Sendable {
        case relayTask(String, RelayTask)
        case assignment(String, Assignment)
        case cancelled(String, String)
    }

    private let link: ControlLink
    private let inbox = Mutex(TaskInbox())

    init(link: ControlLink) { self.link = link }

    /// What is new in a task message; nil for one that was applied before. It is acknowledged in either case.
    func arrived(_ task: NodeTask) -> Change? {
        let isNew = inbox.withLock { $0.taskArrived(task.task, revision: task.revision) }
        var ack = TaskAck()
        ack.task = task.task
        ack.revision = task.revision
        link.send(.ack(ack))
        guard isNew else { return nil }
        switch task.work {
        case .relayTask(let work): return .relayTask(task.task, work)
        case .assignment(let work): return .assignment(task.task, work)
        case .cancel(let cancel): return .cancelled(task.task, cancel.reason)
        case nil: return nil
        }
    }

    /// What the node has applied in this run.
    var acks: [TaskAck] {
        inbox.withLock { inbox in
            inbox.revisions.map { task, revision in
                var ack = TaskAck()
                ack.task = task
                ack.revision = revision
                return ack
            }
        }
    }
}
