/// Where a distribution stands. Raw values are on disk.
package enum DistributionRecordState: String, Hashable, Sendable, CaseIterable {
    /// Accepted and stored; no node has started.
    case pending
    /// Relays pull, agents download.
    case running
    /// Every target has the verified file.
    case completed
    /// It cannot be completed.
    case failed
    /// A user stopped it.
    case cancelled
    /// Whether it has ended.
    package var isFinal: Bool { self != .pending && self != .running }
}
