/// What a node is. Raw values are on disk.
package enum NodeRecordRole: String, Hashable, Sendable, CaseIterable {
    /// Pulls from origins and serves.
    case relay
    /// Downloads onto its own machine.
    case agent
}
