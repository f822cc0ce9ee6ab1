internal import RPC
internal import Scheduling
internal import SluiceAPI
internal import Store
internal import Units

/// One node's task, in memory.
struct ActiveTask: Sendable {
    var record: TaskRecord
    /// What the node last said of it.
    var status: TaskStatus

    init(_ record: TaskRecord) throws {
        self.record = record
        self.status = record.status.isEmpty ? TaskStatus() : try TaskStatus(encoded: record.status)
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
