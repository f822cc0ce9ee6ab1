internal import Manifest
internal import Synchronization
internal import Units

/// The pieces that a relay still has to pull, handed out in order to several connections.
final class PullQueue: Sendable {
    private struct State {
        var missing: [PieceIndex]
        var underWay = 0
        var isStopped = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(missing: some Sequence<PieceIndex>) {
        // Kept in falling order, so that the next one is the last.
        state = Mutex(State(missing: missing.sorted(by: >)))
    }

    /// The next run of neighbouring pieces, `count` at most; nil once all are pulled or the pull has stopped. Waits
    /// while others may still give pieces back.
    func next(atMost count: Int) async -> [PieceIndex]? {
        while true {
            let answer: Answer = state.withLock { state in
                if state.isStopped { return .over }
                guard let first = state.missing.popLast() else {
                    return state.underWay == 0 ? .over : .wait
                }
                var run = [first]
                while run.count < count, let last = run.last, state.missing.last == PieceIndex(last.rawValue + 1) {
                    state.missing.removeLast()
                    run.append(PieceIndex(last.rawValue + 1))
                }
                state.underWay += 1
                return .run(run)
            }
            switch answer {
            case .over: return nil
            case .run(let run): return run
            case .wait: await settled()
            }
        }
    }

    private enum Answer { case over, wait, run([PieceIndex]) }

    /// A run is done; the pieces that could not be pulled come back.
    func done(returning rest: some Sequence<PieceIndex>) {
        wake { state in
            state.underWay -= 1
            state.missing = (state.missing + rest).sorted(by: >)
        }
    }

    /// Nothing more is handed out.
    func stop() { wake { $0.isStopped = true } }

    private func wake(_ change: (inout State) -> Void) {
        let woken = state.withLock { state in
            change(&state)
            defer { state.waiting = [] }
            return state.waiting
        }
        for waiter in woken { waiter.resume() }
    }

    private func settled() async {
        await withCheckedContinuation { continuation in
            let goOn = state.withLock { state in
                if state.isStopped || !state.missing.isEmpty || state.underWay == 0 { return true }
                state.waiting.append(continuation)
                return false
            }
            if goOn { continuation.resume() }
        }
    }
}
