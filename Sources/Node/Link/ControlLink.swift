internal import HTTP
internal import Logging
internal import RPC
internal import Scheduling
internal import SluiceAPI
internal import Synchronization
internal import Transport
internal import Units

/// What goes between this node and control, by one stream or by polls: kept up with back-off, messages in both directions.
final class ControlLink: Sendable {
    typealias Hello = @Sendable () async -> [ConnectRequest.Message]
    typealias Receive = @Sendable (ConnectResponse.Message) async -> Void

    private struct State {
        var outgoing: OutgoingMessages?
        var choice: TransportChoice
        var backoff: ReconnectBackoff
        /// How long to be away, where the session ends because somebody asked for that.
        var drainDelay: Duration?
        /// When control welcomed the session of the moment.
        var welcomedAt: BootTime?
    }

    /// How long control may take for its welcome: a proxy that holds back what it should pass on gives none.
    static let welcomeDeadline = Duration.seconds(15)

    let endpoint: ControlEndpoint
    let logger: Logger
    private let seed: UInt64
    private let state: Mutex<State>

    init(endpoint: ControlEndpoint, transport: ControlTransport = .automatic, seed: UInt64, logger: Logger) {
        self.endpoint = endpoint
        self.logger = logger
        self.seed = seed
        self.state = Mutex(
            State(choice: TransportChoice(only: transport.only, seed: seed), backoff: .fleet(seed: seed))
        )
    }

    /// Sends a message in the session of the moment; without one it is dropped, and its owner repeats it on reconnect.
    func send(_ message: ConnectRequest.Message) { state.withLock { $0.outgoing }?.add(message) }

    /// Ends the session of the moment, so that the next one, which begins at once, shows a new certificate.
    func reconnect() {
        let outgoing = state.withLock { state in
            if state.outgoing != nil { state.drainDelay = .zero }
            return state.outgoing
        }
        outgoing?.finish()
    }

    /// Keeps the link up until the task is cancelled. `hello` is asked for in every session.
    func run(hello: @escaping Hello, receive: @escaping Receive) async {
        while !Task.isCancelled {
            let before = state.withLock { state in
                state.welcomedAt = nil
                return state.choice.transport
            }
            switch before {
            case .stream: await streamOnce(hello, receive)
            case .poll: await pollOnce(hello, receive)
            }
            let (delay, after) = state.withLock { state -> (Duration, TransportChoice.Transport) in
                defer { state.drainDelay = nil }
                let after = state.choice.transport
                let delay = after == before ? state.drainDelay ?? state.backoff.attemptFailed() : .zero
                return (delay, after)
            }
            if after != before, !Task.isCancelled {
                let what = after == .poll ? "no stream to control stands here: polling instead" : "trying a stream"
                logger.notice("\(what)")
            }
            try? await Task.sleep(for: delay)
        }
    }

    // MARK: The stream

    private func streamOnce(_ hello: Hello, _ receive: @escaping Receive) async {
        let end: TransportChoice.StreamEnd
        do {
            try await holdStream(hello, receive)
            logger.info("control closed the stream")
            end = .left
        } catch {
            logger.info("no stream to control", metadata: ["error": "\(error)"])
            end = streamEnd(for: error)
        }
        let isCancelled = Task.isCancelled
        state.withLock { state in
            // A stream that was asked to go has not been cut.
            let asked = isCancelled || state.drainDelay != nil
            state.choice.streamEnded(asked ? .left : end, at: BootClock.now())
        }
    }

    private func streamEnd(for error: any Error) -> TransportChoice.StreamEnd {
        // Without a connection it is no error of a call.
        guard let error = error as? RPCError else { return .unreachable }
        if PollSession.isRefusal(error.code) { return .refused }
        let now = BootClock.now()
        return .broken(after: state.withLock(\.welcomedAt).map { now - $0 })
    }

    private func holdStream(_ hello: Hello, _ receive: @escaping Receive) async throws {
        let (http, client) = try await endpoint.connect()
        defer { Task { await http.close() } }
        let (writer, reader) = try await NodeStreamServiceClient(client).connect()
        let outgoing = OutgoingMessages()
        // Before the hello is put together, so that what is said meanwhile is not lost.
        state.withLock { $0.outgoing = outgoing }
        defer { state.withLock { $0.outgoing = nil } }
        let first = await hello()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                for message in first { try await writer.write(ConnectRequest(message)) }
                for await _ in outgoing.ready {
                    for request in outgoing.takeAll() { try await writer.write(request) }
                }
                return true
            }
            group.addTask { [self] in
                for try await response in reader {
                    guard let message = response.message else { continue }
                    note(message)
                    await receive(message)
                }
                return true
            }
            group.addTask { [self] in
                try await Task.sleep(for: Self.welcomeDeadline)
                guard state.withLock(\.welcomedAt) == nil else { return false }
                throw RPCError(.deadlineExceeded, "control did not welcome this node in \(Self.welcomeDeadline)")
            }
            defer { group.cancelAll() }
            for try await isOver in group where isOver { break }
        }
    }

    // MARK: Polls

    private func pollOnce(_ hello: Hello, _ receive: @escaping Receive) async {
        let outgoing = OutgoingMessages()
        let session = PollSession(
            endpoint: endpoint,
            outgoing: outgoing,
            seed: seed,
            logger: logger,
            received: { [self] message in
                note(message)
                await receive(message)
            },
            isOver: { [self] in
                state.withLock { $0.drainDelay != nil || $0.choice.isProbeDue(at: BootClock.now()) }
            }
        )
        state.withLock { $0.outgoing = outgoing }
        var end = TransportChoice.PollsEnd.answered
        do {
            try await session.run(hello: await hello())
            logger.info("a session of polls has ended")
        } catch {
            logger.info("control does not answer polls", metadata: ["error": "\(error)"])
            // Without a connection it is no error of a call.
            end = session.wasAnswered ? .answered : error is RPCError ? .unanswered : .unreachable
        }
        state.withLock { state in
            state.outgoing = nil
            let isProbeDue = state.choice.isProbeDue(at: BootClock.now()) && state.drainDelay == nil
            if isProbeDue { state.choice.probeBegan() } else { state.choice.pollsEnded(end) }
        }
    }

    /// A welcome proves that control works; a drain says when to come back.
    private func note(_ message: ConnectResponse.Message) {
        state.withLock { state in
            switch message {
            case .welcome:
                state.backoff.connected()
                state.welcomedAt = BootClock.now()
            case .drain(let drain): state.drainDelay = drain.reconnectAfter?.duration ?? .seconds(1)
            default: break
            }
        }
    }
}
