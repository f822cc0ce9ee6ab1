import Scheduling
import Testing
import Units

@Suite struct TransportChoiceTests {
    private let start = BootTime(nanoseconds: 1_000_000_000)
    private let short = TransportChoice.StreamEnd.broken(after: .seconds(1))
    private let held = TransportChoice.StreamEnd.broken(after: .seconds(60))

    /// A machine that has just gone over to polls.
    private func polling(seed: UInt64 = 1) -> TransportChoice {
        var choice = TransportChoice(seed: seed)
        for _ in 0..<TransportChoice.maximumCuts { choice.streamEnded(short, at: start) }
        return choice
    }

    @Test func `streams that break at once, or are never welcomed, lead to polls`() {
        for end in [short, .broken(after: nil)] {
            var choice = TransportChoice(seed: 1)
            for _ in 1..<TransportChoice.maximumCuts {
                choice.streamEnded(end, at: start)
                #expect(choice.transport == .stream)
            }
            choice.streamEnded(end, at: start)
            #expect(choice.transport == .poll)
        }
    }

    @Test(arguments: [TransportChoice.StreamEnd.unreachable, .refused, .left])
    func `what polls would not mend leads to none`(end: TransportChoice.StreamEnd) {
        var choice = TransportChoice(seed: 1)
        for _ in 0..<100 { choice.streamEnded(end, at: start) }
        #expect(choice.transport == .stream)
    }

    @Test func `a stream that stood is trusted again`() {
        var choice = TransportChoice(seed: 1)
        for _ in 0..<100 {
            for _ in 1..<TransportChoice.maximumCuts { choice.streamEnded(short, at: start) }
            choice.streamEnded(held, at: start)
        }
        #expect(choice.transport == .stream)
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func `the stream is tried again after a pause that grows, and one that stands stays`(seed: UInt64) {
        var choice = polling(seed: seed)
        var now = start
        var pause = TransportChoice.probePause.lowerBound
        for _ in 0..<6 {
            #expect(!choice.isProbeDue(at: now + pause * (1 - TransportChoice.jitter) - .nanoseconds(1)))
            now = now + pause * (1 + TransportChoice.jitter)
            #expect(choice.isProbeDue(at: now))
            choice.probeBegan()
            #expect(choice.transport == .stream)
            choice.streamEnded(.unreachable, at: now)
            #expect(choice.transport == .stream)
            choice.streamEnded(short, at: now)
            #expect(choice.transport == .poll)
            pause = min(pause * 2, TransportChoice.probePause.upperBound)
        }
        now = now + pause * 2
        choice.probeBegan()
        choice.streamEnded(held, at: now)
        choice.streamEnded(short, at: now)
        #expect(choice.transport == .stream)
    }

    @Test func `polls that nobody answers lead back to a stream, a lost connection does not`() {
        var choice = polling()
        for _ in 0..<10 { choice.pollsEnded(.unreachable) }
        for _ in 1..<TransportChoice.maximumUnanswered { choice.pollsEnded(.unanswered) }
        choice.pollsEnded(.answered)
        for _ in 1..<TransportChoice.maximumUnanswered {
            choice.pollsEnded(.unanswered)
            #expect(choice.transport == .poll)
        }
        choice.pollsEnded(.unanswered)
        #expect(choice.transport == .stream)
    }

    @Test(arguments: [TransportChoice.Transport.stream, .poll])
    func `one that is asked for stays, whatever happens`(only: TransportChoice.Transport) {
        var choice = TransportChoice(only: only, seed: 1)
        for _ in 0..<10 {
            choice.streamEnded(short, at: start)
            choice.pollsEnded(.unanswered)
            #expect(choice.transport == only)
            #expect(!choice.isProbeDue(at: start + .seconds(1_000_000)))
        }
    }
}
