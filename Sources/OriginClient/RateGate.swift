internal import Units

/// Keeps a connection's mean rate below its limit over all its fetches. Time comes in as nanoseconds of one clock.
struct RateGate {
    /// Nil is no limit; zero lets nothing through.
    private(set) var rate: BytesPerSecond?
    /// When the bytes taken so far are paid for.
    private var paidAt: UInt64 = 0

    mutating func rateChanged(to rate: BytesPerSecond?, at now: UInt64) {
        guard rate != self.rate else { return }
        self.rate = rate
        paidAt = now
    }

    mutating func bytesTaken(_ count: Int, at now: UInt64) {
        guard let rate, rate > .zero else { return }
        let cost = Double(count) * 1e9 / Double(rate.rawValue)
        paidAt = max(paidAt, now) + UInt64(min(cost, 1e15))
    }

    /// When the next byte may be taken; nil for now, the far end of the clock for never at this rate.
    func opening(at now: UInt64) -> UInt64? {
        guard let rate else { return nil }
        if rate == .zero { return .max }
        return paidAt > now + Limits.rateSlackNanoseconds ? paidAt : nil
    }
}
