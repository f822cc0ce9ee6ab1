internal import Scheduling
internal import SluiceAPI
internal import Synchronization
internal import Units

/// The latest status of each task: sent when it changes, and again on each reconnect until control has stored it.
final class StatusBoard: Sendable {
    private let link: ControlLink
    private let outbox = Mutex(StatusOutbox<TaskStatus>())

    init(link: ControlLink) { self.link = link }

    /// A task's state of the moment; its sequence is given here.
    func report(_ status: TaskStatus) {
        // Sequences outlive a restart of this process, for they start at the wall clock's milliseconds.
        let floor = StatusSequence.now()
        let sequence = outbox.withLock { $0.statusChanged(status.task, to: status, floor: floor) }
        guard let sequence else { return }
        link.send(.status(Self.numbered(status, sequence)))
    }

    func acknowledged(_ ack: StatusAck) {
        outbox.withLock { $0.acknowledged(ack.task, sequence: ack.sequence) }
    }

    /// What control may not have stored: sent again when the stream comes up.
    func unacknowledged() -> [ConnectRequest.Message] {
        outbox.withLock { $0.unacknowledged }.map { .status(Self.numbered($0.status, $0.sequence)) }
    }

    func forget(_ task: String) { outbox.withLock { $0.taskForgotten(task) } }

    private static func numbered(_ status: TaskStatus, _ sequence: UInt64) -> TaskStatus {
        var status = status
        status.sequence = sequence
        return status
    }
}
