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

    /// The next revision with other work.
    func revised(_ work: NodeTask.Work, state: TaskRecordState) -> TaskRecord {
        var record = self
        record.revision = revision.next
        record.state = state
        var message = NodeTask()
        message.task = id.text
        message.revision = record.revision.rawValue
        message.work = work
        record.payload = message.encoded
        return record
    }
}
