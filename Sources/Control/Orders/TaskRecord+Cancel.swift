internal import RPC
internal import SluiceAPI
internal import Store
internal import Units

extension TaskRecord {
    /// The next revision, which tells the node to stop.
    func cancelled(because reason: String) -> TaskRecord {
        var cancel = CancelTask()
        cancel.reason = reason
        return revised(.cancel(cancel), state: .cancelled)
    }

    /// The next revision of a relay's task whose distribution has ended; nil for other tasks.
    var released: TaskRecord? {
        guard var work = relayTask, !work.ended else { return nil }
        work.ended = true
        return revised(.relayTask(work), state: state)
    }

    /// The next revision with other work.
    func revised(_ work: NodeTask.Work, state: TaskRecordState) -> TaskRecord {
        revised(encoded: Self.encoded(work), state: state)
    }

    /// The same with work that is encoded already, so that a hundred thousand tasks share one encoding.
    func revised(encoded work: [UInt8], state: TaskRecordState) -> TaskRecord {
        var record = self
        record.revision = revision.next
        record.state = state
        record.payload = work
        return record
    }

    /// A task message with nothing but its work.
    static func encoded(_ work: NodeTask.Work) -> [UInt8] {
        var message = NodeTask()
        message.work = work
        return message.encoded
    }
}
