package import Units

/// Decides how a node talks to control: by its stream, or by polls where the network lets no stream stand.
///
/// | state | streamEnded: cut or silent | held | unreachable, refused, left | pollsEnded |
/// | --- | --- | --- | --- | --- |
/// | streaming | streaming, one more; polling at the bound | streaming, none | streaming | ours: precondition |
/// | polling | ours: precondition | ours | ours | polling; streaming where too many had no answer |
/// | probing | polling, twice the pause | streaming, none | probing | ours: precondition |
///
/// From polling it goes to probing, one stream on trial, when that is due. Randomness comes from the seed alone.
package struct TransportChoice: Sendable {
    /// How the node talks to control next.
    package enum Transport: Hashable, Sendable {
        case stream, poll
    }

    /// How a stream ended.
    package enum StreamEnd: Hashable, Sendable {
        /// There was no connection: polls would fare no better.
        case unreachable
        /// Control itself said no.
        case refused
        /// Control or the node ended it in good order.
        case left
        /// It broke, or nothing ever came through it. How long it stood after control's welcome; nil without one.
        case broken(after: Duration?)
    }

    /// How a session of polls ended.
    package enum PollsEnd: Hashable, Sendable {
        /// There was no connection: a stream would fare no better.
        case unreachable
        /// Nothing came back.
        case unanswered
        /// Control has answered.
        case answered
    }

    private enum State: Sendable {
        case streaming(cut: Int)
        case polling(unanswered: Int, probeAt: BootTime, pause: Duration)
        case probing(pause: Duration)
    }

    /// A stream that breaks sooner after control's welcome could not be held.
    package static let minimumHold = Duration.seconds(20)
    /// Such streams in a row until the node polls.
    package static let maximumCuts = 3
    /// Sessions of polls without an answer, in a row, until the node tries a stream again.
    package static let maximumUnanswered = 3
    /// How long it polls until it tries a stream again, before jitter: at first, and at most.
    package static let probePause = Duration.seconds(300)...Duration.seconds(3600)
    /// The share of a pause by which chance makes it shorter or longer.
    package static let jitter = 0.5

    /// Nil where the choice is the machine's.
    private let only: Transport?
    private var state = State.streaming(cut: 0)
    private var generator: SeededGenerator

    /// A node that begins with a stream, unless it is told which transport it is to use.
    package init(only: Transport? = nil, seed: UInt64) {
        self.only = only
        self.generator = SeededGenerator(seed: seed)
    }

    /// What to use next.
    package var transport: Transport {
        if let only { return only }
        if case .polling = state { return .poll }
        return .stream
    }

    /// Whether it is time to end the polls and to try a stream.
    package func isProbeDue(at now: BootTime) -> Bool {
        guard only == nil, case .polling(_, let probeAt, _) = state else { return false }
        return now >= probeAt
    }

    /// The polls have ended because a stream is to be tried.
    package mutating func probeBegan() {
        guard only == nil else { return }
        guard case .polling(_, _, let pause) = state else { preconditionFailure("a probe without polls before it") }
        state = .probing(pause: pause)
    }

    /// A stream has ended, or could not be opened.
    package mutating func streamEnded(_ end: StreamEnd, at now: BootTime) {
        guard only == nil else { return }
        guard case .broken(let held) = end else { return }
        let wasHeld = held.map { $0 >= Self.minimumHold } ?? false
        switch state {
        case .streaming(let cut):
            guard !wasHeld, cut + 1 >= Self.maximumCuts else {
                state = .streaming(cut: wasHeld ? 0 : cut + 1)
                return
            }
            poll(pause: Self.probePause.lowerBound, at: now)
        case .probing(let pause):
            if wasHeld {
                state = .streaming(cut: 0)
            } else {
                poll(pause: min(pause * 2, Self.probePause.upperBound), at: now)
            }
        case .polling: preconditionFailure("a stream ended while the node polls")
        }
    }

    /// A session of polls has ended.
    package mutating func pollsEnded(_ end: PollsEnd) {
        guard only == nil else { return }
        guard case .polling(let unanswered, let probeAt, let pause) = state else {
            preconditionFailure("polls ended while the node has a stream")
        }
        switch end {
        case .unreachable: break
        case .answered: state = .polling(unanswered: 0, probeAt: probeAt, pause: pause)
        case .unanswered where unanswered + 1 < Self.maximumUnanswered:
            state = .polling(unanswered: unanswered + 1, probeAt: probeAt, pause: pause)
        case .unanswered: state = .streaming(cut: 0)
        }
    }

    private mutating func poll(pause: Duration, at now: BootTime) {
        let factor = 1 + Double.random(in: -Self.jitter...Self.jitter, using: &generator)
        state = .polling(unanswered: 0, probeAt: now + pause * factor, pause: pause)
    }
}
