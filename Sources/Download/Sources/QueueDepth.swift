internal import Units

/// How many requests to keep under way at one peer: bandwidth times delay. It grows by one for each block while the rate
/// grows with it (slow start), and then follows the rate.
struct QueueDepth: Hashable, Sendable {
    /// Growth of the rate between two looks, a second apart, that is worth a deeper queue.
    private static let worthwhileGrowth = 1.1

    private(set) var blocks = Limits.minimumQueueDepth
    private var isStarting = true
    private var lastRate = 0.0
    private var lastLook: BootTime?

    mutating func blockArrived() {
        if isStarting { blocks = min(Limits.maximumQueueDepth, blocks + 1) }
    }

    /// The rate was measured anew.
    mutating func rateMeasured(_ rate: BytesPerSecond, at now: BootTime) {
        let since = lastLook ?? now
        lastLook = since
        if isStarting {
            guard now - since >= .seconds(1) else { return }
            isStarting = Double(rate.rawValue) > lastRate * Self.worthwhileGrowth
            lastRate = Double(rate.rawValue)
            lastLook = now
        }
        guard !isStarting else { return }
        let ahead = Double(rate.rawValue) * Limits.queueTime.seconds / Double(Block.maximumLength)
        blocks = min(Limits.maximumQueueDepth, max(Limits.minimumQueueDepth, Int(ahead.rounded(.up))))
    }

    /// Nothing came for a while, or the peer choked us: what was known of its rate is old.
    mutating func startAgain() { self = QueueDepth() }
}
