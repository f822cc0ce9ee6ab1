package import Units

/// How many connections may be admitted now. A machine without I/O: a bucket that fills at `perSecond`, holds a tenth of a
/// second's worth, and may go below zero by one round of accepts.
package struct AdmissionGate: Sendable {
    /// Connections admitted in a second at most, over time.
    package let perSecond: Int
    private var tokens: Double
    private var filledAt: BootTime

    /// A full gate. `perSecond` is at least 1.
    package init(perSecond: Int, at now: BootTime) {
        precondition(perSecond > 0, "a gate lets somebody in")
        self.perSecond = perSecond
        self.tokens = max(1, Double(perSecond) / 10)
        self.filledAt = now
    }

    /// One came in.
    package mutating func connectionAccepted(at now: BootTime) {
        fill(at: now)
        tokens -= 1
    }

    /// How long until the next may come in; nil for now.
    package mutating func wait(at now: BootTime) -> Duration? {
        fill(at: now)
        return tokens >= 1 ? nil : .seconds((1 - tokens) / Double(perSecond))
    }

    private mutating func fill(at now: BootTime) {
        let earned = (now - filledAt).seconds * Double(perSecond)
        tokens = min(max(1, Double(perSecond) / 10), tokens + earned)
        filledAt = now
    }
}
