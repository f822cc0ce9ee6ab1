/// How long leases last and how far clocks may drift (leases.md C2).
package struct LeaseTerms: Hashable, Sendable {
    /// D: a second to an hour.
    package let duration: Duration
    /// r: the part by which two boot clocks may differ.
    package static let drift = 0.001
    /// How much more a relay's want weighs than an agent's of the same priority: it pulls for many.
    package static let relayWeight: UInt32 = 8

    package init(duration: Duration) {
        precondition(duration >= .seconds(1) && duration <= .seconds(3600), "a lease lasts a second to an hour")
        self.duration = duration
    }

    /// How often a holder sends a heartbeat.
    package var heartbeatInterval: Duration { duration / 3 }
    /// How long a holder may use a grant, from when it asked.
    package var holderSpan: Duration { duration * (1 - Self.drift) }
    /// How long the granter counts a grant as held, from when it was asked.
    package var granterSpan: Duration { duration * (1 + Self.drift) }
}
