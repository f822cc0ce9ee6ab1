/// One call that changed something, or tried to.
package struct AuditEntry: Hashable, Sendable {
    /// Grows with each entry; 0 until it is stored.
    package var sequence: UInt64
    /// When the call ended, milliseconds since 1970.
    package var time: Int64
    /// Who called.
    package var principal: String
    package var method: String
    /// What it was about; may be empty.
    package var resource: String
    /// How it ended.
    package var outcome: String
    /// The address it came from.
    package var peer: String

    package init(
        sequence: UInt64 = 0,
        time: Int64,
        principal: String,
        method: String,
        resource: String,
        outcome: String,
        peer: String
    ) {
        self.sequence = sequence
        self.time = time
        self.principal = principal
        self.method = method
        self.resource = resource
        self.outcome = outcome
        self.peer = peer
    }
}
