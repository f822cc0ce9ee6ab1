/// Shapes to a rate: bytes in any time T are at most rate x (T + 200 ms).
package struct TokenBucket: Sendable {
    /// τ of leases.md, kind 2.
    package static let burst = Duration.milliseconds(200)

    package private(set) var rate: BytesPerSecond
    private var level: Double
    private var updated: BootTime

    /// Starts empty, so that a new lease does not begin with a burst.
    package init(rate: BytesPerSecond, at now: BootTime) {
        self.rate = rate
        self.level = 0
        self.updated = now
    }

    private var depth: Double { Double(rate.rawValue) * Self.burst.seconds }

    private mutating func refill(_ now: BootTime) {
        let elapsed = max(.zero, now - updated)
        level = min(depth, level + Double(rate.rawValue) * elapsed.seconds)
        updated = max(updated, now)
    }

    /// A new rate; on lowering the level is clipped.
    package mutating func rateChanged(to rate: BytesPerSecond, at now: BootTime) {
        refill(now)
        self.rate = rate
        level = min(level, depth)
    }

    /// Takes up to `wanted` bytes, at least `least` of them (or all that are wanted), or none.
    package mutating func take(upTo wanted: ByteCount, atLeast least: ByteCount, at now: BootTime) -> ByteCount {
        guard rate.rawValue != .max else { return wanted }
        refill(now)
        let available = UInt64(max(0, level))
        let granted = min(wanted.rawValue, available)
        guard granted > 0, granted >= min(wanted.rawValue, least.rawValue, UInt64(max(1, depth / 2))) else {
            return .zero
        }
        level -= Double(granted)
        return ByteCount(rawValue: granted)
    }

    /// Whether anything may pass now: for what cannot be cut, such as a block, which is then charged whole. Bytes in any time
    /// T are then at most rate x (T + 200 ms) and one such block.
    package mutating func hasRoom(at now: BootTime) -> Bool {
        guard rate.rawValue != .max else { return true }
        refill(now)
        return level > 0
    }

    /// Charges what passes, into debt where it is more than there is.
    package mutating func charge(_ bytes: ByteCount) {
        if rate.rawValue != .max { level -= Double(bytes.rawValue) }
    }

    /// How long until something may pass again; at most a second, after which the rate may be another one.
    package mutating func wait(at now: BootTime) -> Duration {
        guard !hasRoom(at: now) else { return .zero }
        guard rate > .zero else { return .seconds(1) }
        return .seconds(min(1, max(0.001, (1 - level) / Double(rate.rawValue))))
    }

    /// Gives back what was taken and not used.
    package mutating func giveBack(_ bytes: ByteCount) { level = min(depth, level + Double(bytes.rawValue)) }
}
