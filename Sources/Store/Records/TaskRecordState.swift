/// Where a task stands. Raw values are on disk.
package enum TaskRecordState: String, Hashable, Sendable, CaseIterable {
    /// Not started by its node.
    case pending
    /// The node works on it.
    case running
    /// A relay has every piece; an agent has the verified file.
    case completed
    /// It cannot be done.
    case failed
    /// Stopped by the user.
    case cancelled
    /// Whether it has ended.
    package var isFinal: Bool { self != .pending && self != .running }
}
