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
    /// How chance changes a wait.
    package enum Spread: Hashable, Sendable {
        /// By up to a fifth, shorter or longer: what gRPC prescribes for a client by itself.
        case fifth
        /// To anything from nothing to the whole: what keeps a fleet from coming back in one wave.
        case full
    }

    /// The first wait.
    package let initial: Duration
    /// The longest wait, before jitter.
    package let maximum: Duration
    /// By how much each wait is longer than the one before it.
    package static let multiplier = 1.6
    /// The share of a wait by which chance makes it shorter or longer.
    package static let jitter = 0.2
    private let spread: Spread
    private var current: Double?
    private var floor = Duration.zero
    private var generator: SeededGenerator

    /// A fresh back-off; nodes take different seeds.
    package init(
        seed: UInt64,
        initial: Duration = .seconds(1),
        maximum: Duration = .seconds(120),
        spread: Spread = .fifth
    ) {
        precondition(initial > .zero && initial <= maximum, "a back-off grows from above zero up to its maximum")
        self.initial = initial
        self.maximum = maximum
        self.spread = spread
        self.generator = SeededGenerator(seed: seed)
    }

    /// What every node of a fleet uses towards control: full spread, at first over two seconds.
    package static func fleet(seed: UInt64) -> ReconnectBackoff {
        ReconnectBackoff(seed: seed, initial: .seconds(2), maximum: .seconds(30), spread: .full)
    }

    /// A connection could not be made or was lost; returns the wait before the next attempt.
    package mutating func attemptFailed() -> Duration {
        let base = current.map { min($0 * Self.multiplier, maximum.seconds) } ?? initial.seconds
        current = base
        let factor =
            switch spread {
            case .fifth: 1 + Double.random(in: -Self.jitter...Self.jitter, using: &generator)
            case .full: Double.random(in: 0...1, using: &generator)
            }
        let wait = max(.seconds(base * factor), floor)
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
