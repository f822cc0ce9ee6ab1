internal import Units

/// What an origin that asked for a pause (429, 503) may be given: nothing while the pause lasts, then half of what it was
/// given before, and a sixteenth of its limit more every ten seconds.
struct OriginThrottle: Sendable {
    /// The longest pause that is kept; a longer one is asked for again.
    static let longestPause = Duration.seconds(3600)
    /// The whole limit, in parts.
    static let parts: UInt64 = 16
    /// How long until a part more is given.
    static let recovery = Duration.seconds(10)

    /// When the last pause is or was over; nil before the first.
    private(set) var pauseEnds: BootTime?
    private var partsAtEnd = parts

    func isPaused(at now: BootTime) -> Bool { pauseEnds.map { now < $0 } ?? false }

    /// News of a pause. One that is under way becomes longer and takes no more of the limit: many connections learn of
    /// the same one.
    mutating func paused(for pause: Duration, at now: BootTime) {
        guard pause > .zero else { return }
        if !isPaused(at: now) { partsAtEnd = max(1, parts(at: now) / 2) }
        let ends = now + min(pause, Self.longestPause)
        pauseEnds = max(pauseEnds ?? ends, ends)
    }

    /// What of the limit may be given now.
    func allowed(of limit: OriginLimit, at now: BootTime) -> LeaseAmounts {
        let parts = parts(at: now)
        guard parts > 0 else { return .none }
        let rate = limit.rate.map { max(1, $0 / Self.parts * parts + $0 % Self.parts * parts / Self.parts) }
        return LeaseAmounts(
            connections: limit.connections.map { $0 == 0 ? 0 : UInt32(max(1, UInt64($0) * parts / Self.parts)) }
                ?? .max,
            rate: limit.rate == 0 ? 0 : rate ?? .max
        )
    }

    private func parts(at now: BootTime) -> UInt64 {
        guard let pauseEnds else { return Self.parts }
        guard now >= pauseEnds else { return 0 }
        let regained = (now - pauseEnds).nanoseconds / Self.recovery.nanoseconds
        return min(Self.parts, partsAtEnd + UInt64(regained))
    }
}
