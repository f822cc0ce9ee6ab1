internal import HTTP
internal import NIOCore
internal import Synchronization

/// The shell of one `ClientCallState`: performs its actions on an HTTP stream, in order.
///
/// Cancelling the task that reads or writes cancels the call; so does letting go of it before its end.
final class ClientCall: RPCMessageSource, RPCMessageSink {
    private let stream: HTTPClientStream
    private let state: Mutex<ClientCallState>
    private let turns = WriteTurns()
    private let deadline: ContinuousClock.Instant?
    private let timer: Task<Void, Never>?

    init(stream: HTTPClientStream, state: ClientCallState, deadline: ContinuousClock.Instant?) {
        self.stream = stream
        let alarm = DeadlineAlarm()
        self.state = Mutex(state)
        self.deadline = deadline
        // Detached: the deadline belongs to the call, whose reader and writer may be tasks of different owners.
        self.timer = deadline.map { deadline in
            Task.detached {
                do { try await Task.sleep(until: deadline, clock: .continuous) } catch { return }
                alarm.ring()
            }
        }
        alarm.set(self)
    }

    deinit {
        timer?.cancel()
        if !state.withLock({ $0.isEnded }) { stream.reset(.cancel) }
    }

    var status: RPCStatus? { state.withLock { $0.status } }
    /// What a retry has to know: whether the server has committed itself, and when it says to come back.
    var retryFacts: (isCommitted: Bool, pushback: String?) {
        state.withLock { ($0.isCommitted, $0.retryPushback) }
    }
    var lastResponseWasCompressed: Bool { state.withLock { $0.lastResponseWasCompressed } }
    var trailingMetadata: RPCMetadata { state.withLock { $0.trailingMetadata } }

    /// The caller gave up.
    func cancel() {
        if state.withLock({ $0.cancelled() }) { stream.reset(.cancel) }
    }

    /// The time the caller gave is over.
    func expire() {
        if state.withLock({ $0.deadlineExpired() }) { stream.reset(.cancel) }
    }

    // MARK: Messages

    func next<Message: RPCMessage>(_ type: Message.Type) async throws(RPCError) -> Message? {
        guard let bytes = try await nextMessage() else { return nil }
        do throws(ProtobufError) {
            return try Message(protobuf: bytes)
        } catch {
            cancel()
            throw RPCError(.internal, "cannot decode \(Message.fullName): \(error)")
        }
    }

    func send<Message: RPCMessage>(_ message: Message, compressed: Bool?) async throws(RPCError) {
        var bytes = ByteBuffer()
        message.encode(into: &bytes)
        await turns.take()
        defer { turns.give() }
        let frame = try state.withLock { state throws(RPCError) in
            try state.messageSent(bytes, compressed: compressed)
        }
        try await cancelling { () async throws(HTTPError) in try await self.stream.write(frame) }
    }

    func finish() async throws(RPCError) {
        await turns.take()
        defer { turns.give() }
        guard status == nil else { return }
        state.withLock { $0.requestsFinished() }
        try await cancelling { () async throws(HTTPError) in try await self.stream.finish() }
    }

    func initialMetadata() async throws(RPCError) -> RPCMetadata {
        while true {
            let (metadata, error) = state.withLock { ($0.initialMetadata, $0.error) }
            if let metadata { return metadata }
            if let error { throw error }
            await receive()
        }
    }

    // MARK: Private

    private func nextMessage() async throws(RPCError) -> ByteBuffer? {
        while true {
            let (step, needsReset) = state.withLock { $0.messageWanted() }
            if needsReset { stream.reset(.cancel) }
            switch step {
            case .message(let message): return message
            case .needsBytes: await receive()
            case .ended:
                timer?.cancel()
                return nil
            case .failed(let error):
                timer?.cancel()
                throw error
            }
        }
    }

    /// Waits for the next thing the server sends and tells the machine.
    private func receive() async {
        await withTaskCancellationHandler {
            do throws(HTTPError) {
                if state.withLock({ $0.initialMetadata }) == nil {
                    let head = try await stream.response()
                    if state.withLock({ $0.headArrived(head) }) { stream.reset(.cancel) }
                } else if let bytes = try await stream.body.next() {
                    state.withLock { $0.bytesArrived(bytes) }
                } else {
                    let trailers = try await stream.trailers()
                    let isPast = isPastDeadline
                    if state.withLock({ $0.responseEnded(trailers: trailers, isPastDeadline: isPast) }) {
                        stream.reset(.noError)
                    }
                }
            } catch {
                streamLost(error)
            }
        } onCancel: {
            cancel()
        }
    }

    /// Performs a write; the call ends with the task that waits for it. A stream that broke under a write may still
    /// hold the status the server sent first, so only a reader's failure ends the call.
    private func cancelling(_ write: () async throws(HTTPError) -> Void) async throws(RPCError) {
        do {
            try await withTaskCancellationHandler(operation: write, onCancel: { cancel() })
        } catch {
            if let error = state.withLock({ $0.error }) { throw error }
            throw RPCError(.unavailable, "the stream takes no more messages")
        }
    }

    private func streamLost(_ error: HTTPError) {
        let isPast = isPastDeadline
        state.withLock { $0.streamLost(ClientCallState.Loss(error), isPastDeadline: isPast) }
    }

    private var isPastDeadline: Bool { deadline.map { ContinuousClock.now >= $0 } ?? false }
}
