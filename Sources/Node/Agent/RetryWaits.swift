internal import OriginClient
internal import Units

/// How long to wait before a fetch that failed is tried again, as `curl --retry` does: only for what may pass by itself, each
/// time twice as long, with chance in it so that many do not come back in one wave.
struct RetryWaits {
    /// Failures in a row, none of which brought a byte, after which it is given up.
    static let attempts = 6
    /// The first wait and the longest, before chance takes up to a half off.
    static let shortest = Duration.milliseconds(200)
    static let longest = Duration.seconds(10)
    /// Longer than this a server cannot ask us to stay away; then it is given up.
    static let longestAsked = Duration.seconds(120)

    private var failures = 0
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    /// Bytes came: what failed before counts no more.
    mutating func progressed() { failures = 0 }

    /// The wait before the next attempt; nil where there is none.
    mutating func failed(_ error: OriginError) -> Duration? {
        failures += 1
        guard Self.mayPass(error), failures < Self.attempts else { return nil }
        let doubled = min(Self.longest, Self.shortest * (1 << (failures - 1)))
        let share = Double.random(in: 0.5...1, using: &generator)
        guard let asked = error.retryAfter else { return doubled * share }
        return asked <= Self.longestAsked ? max(asked, doubled * share) : nil
    }

    private static func mayPass(_ error: OriginError) -> Bool {
        switch error.code {
        case .timedOut, .transport, .throttled: true
        case .status: [408, 500, 502, 504].contains(error.status)
        default: false
        }
    }
}
