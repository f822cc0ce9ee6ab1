internal import NIOCore
internal import RPC
internal import Scheduling
internal import Synchronization
internal import Units

/// The sending side of a node that polls: takes what its outbox has for the answer to its next poll.
final class PollSink: RPCPushSink {
    private struct State {
        var answers = PollAnswers<ByteBuffer>()
        var whenRoom: (@Sendable () -> Void)?
        /// Wakes the poll that waits; there is one at most, the latest.
        var waiter: AsyncStream<Void>.Continuation?
        /// Grows with each poll that may wait.
        var turn: UInt64 = 0
        var isEnding = false
        var isBroken = false
    }

    private enum Step {
        case answer(number: UInt64, [ByteBuffer], whenRoom: (@Sendable () -> Void)?)
        case wait(AsyncStream<Void>)
        case broken
        case unknown
    }

    private let state = Mutex(State())

    /// Whether the session has come to its end: no poll of it will be told anything new.
    var isOver: Bool { state.withLock { $0.isBroken || $0.isEnding && $0.answers.isEmpty } }

    /// The number of the poll that waits; nil where none does.
    var waitingPoll: UInt64? { state.withLock { state in state.waiter.map { _ in state.turn } } }

    func push(_ message: ByteBuffer, limit: Int, whenRoom: @escaping @Sendable () -> Void) throws(RPCError) -> Bool {
        let (isTaken, waiter) = try state.withLock {
            state throws(RPCError) -> (Bool, AsyncStream<Void>.Continuation?) in
            guard !state.isEnding, !state.isBroken else { throw RPCError(.unavailable, "the session has ended") }
            guard state.answers.waitingBytes < limit else {
                state.whenRoom = whenRoom
                return (false, nil)
            }
            state.answers.messageReady(message, bytes: message.readableBytes)
            return (true, state.waiter)
        }
        waiter?.yield()
        return isTaken
    }

    func endRequests() { end { $0.isEnding = true } }

    func abort() { end { $0.isBroken = true } }

    private func end(_ change: (inout State) -> Void) {
        let waiter = state.withLock { state in
            change(&state)
            state.whenRoom = nil
            return state.waiter
        }
        waiter?.finish()
    }

    /// What to answer to a poll that names the last answer which came to its node: at once where there is something to
    /// say, else what has come after a while. A poll ends the wait of the one before it.
    func answer(to received: UInt64, within wait: Duration) async throws -> (number: UInt64, messages: [ByteBuffer]) {
        let end = ContinuousClock.now + wait
        let turn = state.withLock { state in
            state.turn += 1
            return (number: state.turn, before: state.waiter)
        }
        turn.before?.finish()
        while true {
            let left = end - ContinuousClock.now
            switch step(turn.number, received, mayWait: left > .zero && !Task.isCancelled) {
            case .answer(let number, let messages, let whenRoom):
                whenRoom?()
                return (number, messages)
            case .broken: throw UserError(.unavailable, "the session has ended")
            case .unknown: throw UserError(.invalidArgument, "no answer \(received) was given in this session")
            case .wait(let wake): await Self.sleep(left, until: wake)
            }
        }
    }

    private func step(_ turn: UInt64, _ received: UInt64, mayWait: Bool) -> Step {
        state.withLock { state in
            guard !state.isBroken else { return .broken }
            // The poll behind this one gets what there is.
            guard turn == state.turn else { return .answer(number: received, [], whenRoom: nil) }
            state.waiter = nil
            switch state.answers.answer(to: received) {
            case .unknown: return .unknown
            case .messages(let number, let messages):
                defer { state.whenRoom = nil }
                return .answer(number: number, messages, whenRoom: state.whenRoom)
            case .none(let number):
                guard mayWait, !state.isEnding else { return .answer(number: number, [], whenRoom: nil) }
                let (wake, waiter) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
                state.waiter = waiter
                return .wait(wake)
            }
        }
    }

    private static func sleep(_ duration: Duration, until wake: AsyncStream<Void>) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await Task.sleep(for: duration) }
            group.addTask { for await _ in wake { return } }
            await group.next()
            group.cancelAll()
        }
    }
}
