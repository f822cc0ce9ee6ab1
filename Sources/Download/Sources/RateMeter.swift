package import Units

/// A rate smoothed over a few seconds.
package struct RateMeter: Hashable, Sendable {
    private let span: Double
    private var smoothed = 0.0
    private var pending: UInt64 = 0
    private var updated: BootTime

    /// Smooths over `span`.
    package init(at now: BootTime, over span: Duration = .seconds(3)) {
        self.span = span.seconds
        updated = now
    }

    /// The rate when it was last measured.
    package var rate: BytesPerSecond { BytesPerSecond(UInt64(max(0, smoothed))) }

    package mutating func add(_ bytes: UInt64) { pending += bytes }

    /// The rate now; folds in what has come since the last call.
    package mutating func measured(at now: BootTime) -> BytesPerSecond {
        let elapsed = (now - updated).seconds
        guard elapsed >= 0.05 else { return rate }
        let share = min(1, elapsed / span)
        smoothed += (Double(pending) / elapsed - smoothed) * share
        pending = 0
        updated = now
        return rate
    }
}
