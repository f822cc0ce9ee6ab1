internal import Units

/// How many requests to keep under way at one peer: bandwidth times delay. It grows by one for each block while answers are
/// quick and more blocks come each second than in the one before (slow start), and then follows their rate.
struct QueueDepth: Hashable, Sendable {
    /// Growth from one second to the next that is worth a deeper queue.
    private static let worthwhileGrowth = 1.1
    private static let lookEvery = Duration.seconds(1)
    /// Slower answers mean that a queue has built up: what we ask for more only waits there.
    private static let quickAnswer = Duration.milliseconds(400)

    private(set) var blocks = Limits.minimumQueueDepth
    private var isStarting = true
    private var arrived = 0
    private var arrivedBefore = 0
    private var lookedAt: BootTime?

    /// A block came, so long after it was asked for; nil where it was not.
    mutating func blockArrived(after answer: Duration?, at now: BootTime) {
        arrived += 1
        if isStarting, let answer {
            isStarting = answer < Self.quickAnswer
            blocks = isStarting ? min(Limits.maximumQueueDepth, blocks + 1) : max(Limits.minimumQueueDepth, blocks / 2)
        }
        lookedAt = lookedAt ?? now
    }

    /// Called a few times a second.
    mutating func tick(at now: BootTime) {
        guard let last = lookedAt, now - last >= Self.lookEvery else { return }
        let perSecond = Double(arrived) / (now - last).seconds
        isStarting = isStarting && Double(arrived) > Double(arrivedBefore) * Self.worthwhileGrowth
        if !isStarting {
            let ahead = Int((perSecond * Limits.queueTime.seconds).rounded(.up))
            // A quiet second halves it; a peer that comes back builds it up again.
            blocks = min(Limits.maximumQueueDepth, max(Limits.minimumQueueDepth, ahead, blocks / 2))
        }
        arrivedBefore = arrived
        arrived = 0
        lookedAt = now
    }
}
