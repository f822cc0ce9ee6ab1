/// Why a node goes to an origin. Raw values are on disk.
package enum UsageReason: String, Hashable, Sendable, CaseIterable {
    /// A relay pulls.
    case relayPull
    /// An agent is assisted.
    case assist
}
