import Scheduling
import Testing
import Units

@Suite struct PollPaceTests {
    /// Polls through a proxy that cuts whatever is silent for longer than `limit`.
    private func poll(_ pace: inout PollPace, limit: Duration) -> (isCut: Bool, pause: Duration) {
        if pace.wait > limit {
            pace.pollFailed(after: limit)
            return (true, .zero)
        }
        let next: Duration? = pace.wait == .zero ? .seconds(1) : nil
        return (false, pace.pollAnswered(after: pace.wait, isEmpty: true, nextPoll: next))
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func `it finds what a proxy allows, and is seldom cut from then on`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let limit = Duration.milliseconds(Int.random(in: 250...30_000, using: &generator))
        var pace = PollPace(seed: seed)
        var cuts = 0
        for _ in 0..<8 where poll(&pace, limit: limit).isCut { cuts += 1 }
        #expect(pace.wait <= limit && (pace.wait >= limit / 4 || pace.wait == .zero || limit > PollPace.longestWait))
        cuts = 0
        for _ in 0..<2000 where poll(&pace, limit: limit).isCut { cuts += 1 }
        #expect(cuts <= 5, "\(cuts) cuts at \(limit)")
    }

    @Test func `where nothing can be held it polls at the interval that control asks for`() {
        var pace = PollPace(seed: 1)
        pace.pollFailed(after: .milliseconds(300))
        #expect(pace.wait == .zero)
        for asked in [Duration.seconds(1), .seconds(3600), .zero] {
            let pause = pace.pollAnswered(after: .zero, isEmpty: true, nextPoll: asked)
            let allowed = min(max(asked, PollPace.pauses.lowerBound), PollPace.pauses.upperBound)
            #expect(pause >= allowed * (1 - PollPace.jitter) && pause <= allowed * (1 + PollPace.jitter))
        }
    }

    @Test func `messages are followed by the next poll at once, hasty silence is not`() {
        var pace = PollPace(seed: 1)
        #expect(pace.pollAnswered(after: .milliseconds(1), isEmpty: false, nextPoll: nil) == .zero)
        #expect(pace.pollAnswered(after: .milliseconds(1), isEmpty: true, nextPoll: nil) > .zero)
        #expect(pace.pollAnswered(after: .seconds(20), isEmpty: true, nextPoll: nil) == .zero)
    }

    @Test func `what fails at once says nothing of the wait, and a longer one is tried after many answers`() {
        var pace = PollPace(seed: 1)
        pace.pollFailed(after: .milliseconds(1))
        #expect(pace.wait == PollPace.longestWait)
        pace.pollFailed(after: .seconds(4))
        #expect(pace.wait == .seconds(2))
        for _ in 0..<PollPace.trustRange.lowerBound * 2 {
            #expect(pace.wait == .seconds(2))
            _ = pace.pollAnswered(after: .seconds(2), isEmpty: true, nextPoll: nil)
        }
        #expect(pace.wait == .seconds(4))
    }
}
