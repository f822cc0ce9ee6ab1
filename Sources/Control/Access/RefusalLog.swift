internal import Synchronization
internal import Units

/// Decides when the log tells of callers who were refused: of each peer once in a while, with how often it was, so that
/// nobody can fill the log.
final class RefusalLog: Sendable {
    /// Between two lines on one peer.
    static let interval = Duration.seconds(10)
    /// Peers that are counted apart at most; the others count as one.
    static let maximumPeers = 1000

    private struct Count {
        var since: BootTime
        var untold = 0
    }

    private let counts = Mutex<[String: Count]>([:])

    /// A peer was refused. How many times are to be told of now; nil where it is not time yet.
    func refused(_ peer: String, at now: BootTime) -> Int? {
        counts.withLock { counts in
            if counts[peer] == nil, counts.count >= Self.maximumPeers {
                counts = counts.filter { now - $0.value.since < Self.interval }
            }
            let key = counts[peer] == nil && counts.count >= Self.maximumPeers ? "" : peer
            guard var known = counts[key], now - known.since < Self.interval else {
                let untold = counts[key]?.untold ?? 0
                counts[key] = Count(since: now)
                return untold + 1
            }
            known.untold += 1
            counts[key] = known
            return nil
        }
    }
}
