internal import RPC
internal import Scheduling
internal import SluiceAPI
internal import Store
internal import Units

/// One node's task, in memory.
struct ActiveTask: Sendable {
    private final class Contents: Sendable {
        let record: TaskRecord
        let status: TaskStatus

        init(record: TaskRecord, status: TaskStatus) {
            self.record = record
            self.status = status
        }
    }

    /// By reference: a hundred thousand of these are copied to look at a distribution once.
    private var contents: Contents

    var record: TaskRecord {
        get { contents.record }
        set { contents = Contents(record: newValue, status: contents.status) }
    }

    /// What the node last said of it.
    var status: TaskStatus {
        get { contents.status }
        set { contents = Contents(record: contents.record, status: newValue) }
    }

    init(_ record: TaskRecord) throws {
        contents = Contents(
            record: record,
            status: record.status.isEmpty ? TaskStatus() : try TaskStatus(encoded: record.status)
        )
    }

    var phase: DistributionOutcome.TaskPhase {
        switch record.state {
        case .pending: .pending
        case .running: .running
        case .completed: .completed
        case .failed: .failed
        case .cancelled: .cancelled
        }
    }
}
