internal import Synchronization
internal import Units

/// One node that polls: what stands in for its stream.
final class NodePollSession: Sendable {
    private struct State {
        var polls = 0
        var lastPoll: BootTime
    }

    let number: UInt64
    let stream: NodeStream
    let sink: PollSink
    private let state: Mutex<State>

    init(number: UInt64, stream: NodeStream, sink: PollSink, at now: BootTime) {
        self.number = number
        self.stream = stream
        self.sink = sink
        self.state = Mutex(State(lastPoll: now))
    }

    func pollBegan() { state.withLock { $0.polls += 1 } }

    func pollEnded(at now: BootTime) {
        state.withLock { state in
            state.polls -= 1
            state.lastPoll = now
        }
    }

    /// Whether it is over, or its node has not polled for too long.
    func hasEnded(at now: BootTime, patience: Duration) -> Bool {
        state.withLock { $0.polls == 0 && (sink.isOver || now - $0.lastPoll >= patience) }
    }
}
