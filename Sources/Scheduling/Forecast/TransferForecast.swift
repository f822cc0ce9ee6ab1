package import Units

/// How long a distribution should take, from how fast those before it went.
///
/// The rate is a file's size over the time from order to the last target: it has in it what origin, relays, peers and
/// disks do. Newer ones weigh more: each takes a quarter.
package struct TransferForecast: Sendable {
    private static let weightOfNewest = 0.25
    /// Files smaller than this say more about start-up than about rates, 1 MiB.
    private static let smallestTold: UInt64 = 1 << 20
    /// Shorter forecasts are worth nothing.
    private static let shortest = Duration.seconds(10)

    /// Bytes per second, smoothed; nil without history.
    private var rate: Double?

    package init() {}

    /// Every target had a file of `size` this long after it was ordered.
    package mutating func delivered(_ size: ByteCount, in elapsed: Duration) {
        guard size.rawValue >= Self.smallestTold, elapsed > .zero else { return }
        let measured = Double(size.rawValue) / elapsed.seconds
        rate = rate.map { $0 + (measured - $0) * Self.weightOfNewest } ?? measured
    }

    /// Nil without history.
    package func expected(_ size: ByteCount) -> Duration? {
        guard let rate, rate > 0 else { return nil }
        return max(Self.shortest, .seconds(Double(size.rawValue) / rate))
    }
}
