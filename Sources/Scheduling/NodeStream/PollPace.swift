internal import Units

/// How long a node lets control hold its polls, found out by trying: as long as the proxies on the way allow, so that
/// tasks arrive at once; where they allow nothing, polls at intervals.
///
/// | event | wait > 0 | wait = 0 |
/// | --- | --- | --- |
/// | pollFailed, at once | as it was | as it was |
/// | pollFailed, after a while | half of what was too long; 0 below `shortestWait` | as it was |
/// | pollAnswered, held for most of the wait | after `trust` of them twice as long | after `trust` of them `shortestWait` |
///
/// Each cut doubles `trust`. Randomness comes from the seed alone.
package struct PollPace: Sendable {
    /// How long control may hold a poll at most. Proxies cut silent calls after 30 s or 60 s, most of them.
    package static let longestWait = Duration.seconds(20)
    /// A wait that is shorter is none.
    package static let shortestWait = Duration.milliseconds(250)
    /// A poll that fails sooner was not cut for its length.
    package static let cutFloor = Duration.milliseconds(200)
    /// Pauses between polls that control may ask for.
    package static let pauses = Duration.milliseconds(100)...Duration.seconds(30)
    /// Answers until a longer wait is tried: at first, and at most.
    package static let trustRange = 50...1600
    /// The share of a pause by which chance makes it shorter or longer.
    package static let jitter = 0.2

    /// How long control may hold the next poll.
    package private(set) var wait = PollPace.longestWait
    private var trust = PollPace.trustRange.lowerBound
    private var answers = 0
    private var generator: SeededGenerator

    /// A pace that begins with the longest wait.
    package init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    /// An answer came after this time. How long to pause before the next poll: what control asked for, and a while where
    /// an answer without messages came before it was due.
    package mutating func pollAnswered(after held: Duration, isEmpty: Bool, nextPoll: Duration?) -> Duration {
        if held >= wait / 2 {
            answers += 1
            if answers >= trust, wait < Self.longestWait {
                wait = min(max(wait * 2, Self.shortestWait), Self.longestWait)
                answers = 0
            }
        }
        let isHasty = isEmpty && held < Self.pauses.lowerBound
        guard nextPoll != nil || isHasty else { return .zero }
        let asked = nextPoll ?? .zero
        let pause = min(max(asked, Self.pauses.lowerBound), Self.pauses.upperBound)
        return pause * (1 + Double.random(in: -Self.jitter...Self.jitter, using: &generator))
    }

    /// A poll that control might have held failed after this time.
    package mutating func pollFailed(after held: Duration) {
        guard wait > .zero, held >= Self.cutFloor else { return }
        let shorter = min(wait, held) / 2
        wait = shorter < Self.shortestWait ? .zero : shorter
        trust = min(trust * 2, Self.trustRange.upperBound)
        answers = 0
    }
}
