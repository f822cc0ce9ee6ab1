internal import Manifest
package import Units

/// How many connections a pull has at its origin. One more stays only where the whole becomes faster by it: connections that
/// share a full link bring their pieces in at the same moment, and nobody has any of them until then.
package struct PullConnections: Sendable {
    /// How much faster the whole must become.
    package static let worthwhileGain = 1.1
    /// A rate is measured over this long at least.
    package static let window = Duration.milliseconds(500)
    /// An origin whose first bytes take longer is far away: there all connections are used at once, which fills what one
    /// leaves empty while it starts and between its requests.
    package static let farOrigin = Duration.milliseconds(20)
    /// How long no other is tried after one that gained nothing, twice as long each time.
    package static let shortestPause = Duration.seconds(2)
    package static let longestPause = Duration.seconds(60)
    /// A new connection is judged over so many times what its first bytes took, since it starts slowly.
    private static let startTimes = 4
    /// Requests are to take so long.
    private static let requestTime = Duration.milliseconds(500)
    /// The pieces of one request at least. All requests together have no more than a relay may have under way.
    package static let shortestRun = 8

    private enum Phase {
        /// Nothing is asked.
        case idle
        /// The first bytes since are awaited.
        case asking(since: BootTime)
        case steady
        /// One more connection is allowed and has brought nothing yet.
        case opening(since: BootTime)
        /// It brings bytes, and is judged when the window ends.
        case trying(over: Duration)
    }

    private let maximum: Int
    /// Connections that may be used now, from one to the maximum.
    package private(set) var allowed = 1
    private var phase = Phase.idle
    /// Whether the origin's first answer has told how far it is.
    private var isAnswered = false
    /// What came since.
    private var came = (bytes: UInt64(0), since: BootTime.zero)
    /// Bytes per second of the last whole window, before any trial that is under way.
    private var rate: Double?
    private var pause = shortestPause
    private var nextTrial = BootTime.zero

    /// With one connection at first.
    package init(maximum: Int) { self.maximum = max(1, maximum) }

    /// A range is asked of the origin.
    package mutating func asked(at now: BootTime) {
        if case .idle = phase { phase = .asking(since: now) }
    }

    /// Bytes came over a connection, the first of which is 0.
    package mutating func received(_ bytes: Int, over connection: Int, at now: BootTime) {
        came.bytes += UInt64(max(0, bytes))
        switch phase {
        case .idle, .steady, .trying: break
        case .asking:
            tick(at: now)
            isAnswered = true
            become(.steady, at: now)
        case .opening(let opened) where connection == allowed - 1:
            become(.trying(over: max(Self.window, (now - opened) * Self.startTimes)), at: now)
        case .opening: break
        }
        tick(at: now)
    }

    /// There is nothing to pull for a while: what comes meanwhile says nothing about connections.
    package mutating func ranDry(at now: BootTime) {
        switch phase {
        case .idle, .asking, .steady: break
        case .opening, .trying: allowed -= 1
        }
        rate = nil
        become(.idle, at: now)
    }

    /// Called a few times a second.
    package mutating func tick(at now: BootTime) {
        switch phase {
        case .idle, .opening: return
        case .asking(let asked):
            if !isAnswered, now - asked > Self.farOrigin { allowed = maximum }
        case .steady:
            guard let measured = measured(over: Self.window, at: now) else { return }
            // What has become so slow may have lost its connection.
            if let rate, measured < rate / 2 { nextTrial = now }
            rate = measured
            guard allowed < maximum, now >= nextTrial else { return }
            allowed += 1
            become(.opening(since: now), at: now)
        case .trying(let window):
            guard let measured = measured(over: window, at: now), let before = rate else { return }
            if measured >= before * Self.worthwhileGain {
                pause = Self.shortestPause
                rate = measured
            } else {
                allowed -= 1
                nextTrial = now + pause
                pause = min(pause * 2, Self.longestPause)
            }
            become(.steady, at: now)
        }
    }

    /// How many pieces one connection should ask for at once.
    package func run(pieceLength: UInt32) -> Int {
        guard let rate else { return Self.shortestRun }
        let pieces = rate / Double(allowed) * Self.requestTime.seconds / Double(max(1, pieceLength))
        return min(max(Int(pieces), Self.shortestRun), max(Self.shortestRun, PullStripes.piecesUnderWay / allowed))
    }

    private mutating func become(_ next: Phase, at now: BootTime) {
        phase = next
        came = (0, now)
    }

    /// The rate since the window began; nil where that is not so long ago.
    private mutating func measured(over window: Duration, at now: BootTime) -> Double? {
        let elapsed = now - came.since
        guard elapsed >= window else { return nil }
        defer { came = (0, now) }
        return Double(came.bytes) / elapsed.seconds
    }
}
