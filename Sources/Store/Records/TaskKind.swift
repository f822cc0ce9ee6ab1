/// Whose work a task is. Raw values are on disk.
package enum TaskKind: String, Hashable, Sendable, CaseIterable {
    /// A relay pulls and serves.
    case relay
    /// An agent downloads.
    case agent
}
