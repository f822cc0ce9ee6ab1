internal import SluiceAPI
internal import Store

extension SluiceAPI.DistributionState {
    init(_ state: DistributionRecordState) {
        switch state {
        case .pending: self = .pending
        case .running: self = .running
        case .completed: self = .completed
        case .failed: self = .failed
        case .cancelled: self = .cancelled
        }
    }
}

extension TaskState {
    init(_ state: TaskRecordState) {
        switch state {
        case .pending: self = .pending
        case .running: self = .running
        case .completed: self = .completed
        case .failed: self = .failed
        case .cancelled: self = .cancelled
        }
    }
}

extension TaskRecordState {
    /// Nil for a state this build does not know.
    init?(_ state: TaskState) {
        switch state {
        case .pending: self = .pending
        case .running: self = .running
        case .completed: self = .completed
        case .failed: self = .failed
        case .cancelled: self = .cancelled
        default: return nil
        }
    }
}
