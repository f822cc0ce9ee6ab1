internal import Units

/// How long to wait before the next attempt to connect: doc/connection-backoff.md of gRPC, as a machine.
///
/// | state | attemptFailed | connected | delayTold |
/// | --- | --- | --- | --- |
/// | fresh | failing, about `initial` | fresh | fresh, floor set |
/// | failing | failing, 1.6 times longer up to `maximum` | fresh | failing, floor set |
///
/// Jitter spreads a fleet that lost its server in one instant. Randomness comes from the seed alone.
package struct ReconnectBackoff: Sendable {
    /// The first wait.
    package let initial: Duration
    /// The longest wait, before jitter.
    package let maximum: Duration
    /// By how much each wait is longer than the one before it.
    package static let multiplier = 1.6
    /// The share of a wait by which chance makes it shorter or longer.
    package static let jitter = 0.2
    private var current: Double?
    private var floor = Duration.zero
    private var generator: SeededGenerator

    /// A fresh back-off; nodes take different seeds.
    package init(seed: UInt64, initial: Duration = .seconds(1), maximum: Duration = .seconds(120)) {
        precondition(initial > .zero && initial <= maximum, "a back-off grows from above zero up to its maximum")
        self.initial = initial
        self.maximum = maximum
        self.generator = SeededGenerator(seed: seed)
    }

    /// A connection could not be made or was lost; returns the wait before the next attempt.
    package mutating func attemptFailed() -> Duration {
        let base = current.map { min($0 * Self.multiplier, maximum.seconds) } ?? initial.seconds
        current = base
        let spread = Double.random(in: -Self.jitter...Self.jitter, using: &generator)
        let wait = max(.seconds(base * (1 + spread)), floor)
        floor = .zero
        return wait
    }

    /// The connection stands (the peer's SETTINGS came): the next failure starts from `initial`.
    package mutating func connected() {
        current = nil
    }

    /// The server asked to stay away for `delay`: the next wait is at least that.
    package mutating func delayTold(_ delay: Duration) {
        floor = max(floor, delay)
    }
}
