internal import Logging
internal import RPC
internal import Scheduling
internal import SluiceAPI
internal import Synchronization
internal import Transport
internal import Units

/// One session of polls, in place of a stream: one lane waits for what control has to say, the other tells what this node
/// has to. A poll that fails is repeated as it was: control gives its answer again, and takes nothing twice.
final class PollSession: Sendable {
    /// How long a poll may take beyond the time for which control may hold it.
    static let patience = Duration.seconds(15)
    /// Polls of a lane that fail in a row until the session is given up.
    static let maximumFailures = 5
    /// How long messages are gathered into one poll.
    static let gatheringTime = Duration.milliseconds(20)
    /// Messages in one poll, and bytes of them; one alone may be larger.
    static let maximumMessages = 256
    static let maximumBytes = 1 << 20

    private let connection: PollConnection
    private let outgoing: OutgoingMessages
    private let seed: UInt64
    private let logger: Logger
    private let received: ControlLink.Receive
    private let isOver: @Sendable () -> Bool
    private let answered = Mutex(false)

    /// Whether control has answered, if only to refuse.
    var wasAnswered: Bool { answered.withLock { $0 } }

    /// `received` gets what control says, in order; the session ends in good order once `isOver`.
    init(
        endpoint: ControlEndpoint,
        outgoing: OutgoingMessages,
        seed: UInt64,
        logger: Logger,
        received: @escaping ControlLink.Receive,
        isOver: @escaping @Sendable () -> Bool
    ) {
        self.connection = PollConnection(endpoint)
        self.outgoing = outgoing
        self.seed = seed
        self.logger = logger
        self.received = received
        self.isOver = isOver
    }

    /// Whether control itself says no: another transport would hear the same.
    static func isRefusal(_ code: RPCStatusCode) -> Bool {
        switch code {
        case .permissionDenied, .unauthenticated, .failedPrecondition, .invalidArgument, .alreadyExists: true
        default: false
        }
    }

    /// Polls until the session is over; throws where control ends it, or does not answer any more.
    func run(hello: [ConnectRequest.Message]) async throws {
        do {
            try await hold(hello)
        } catch {
            await connection.close()
            throw error
        }
        await connection.close()
    }

    private func hold(_ hello: [ConnectRequest.Message]) async throws {
        var first = PollRequest()
        let messages = hello.map { ConnectRequest($0) }
        first.messages = Array(messages.prefix(1))
        let session: UInt64
        do {
            session = try await poll(first, holding: .zero).session
        } catch {
            if let error = error as? RPCError, Self.isRefusal(error.code) { answered.withLock { $0 = true } }
            throw error
        }
        answered.withLock { $0 = true }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [self] in try await listen(session) }
            group.addTask { [self] in try await tell(session, Array(messages.dropFirst())) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// The lane that waits for what control has to say.
    private func listen(_ session: UInt64) async throws {
        var request = PollRequest()
        request.session = session
        var pace = PollPace(seed: seed)
        var backoff = ReconnectBackoff(seed: seed, initial: .milliseconds(200), maximum: .seconds(5))
        var failures = 0
        while !isOver() {
            request.wait = ProtoDuration(pace.wait)
            let begin = BootClock.now()
            let pause: Duration
            do {
                let answer = try await poll(request, holding: pace.wait)
                if answer.number > request.received {
                    for response in answer.messages {
                        if let message = response.message { await received(message) }
                    }
                    request.received = answer.number
                }
                failures = 0
                backoff.connected()
                pause = pace.pollAnswered(
                    after: BootClock.now() - begin,
                    isEmpty: answer.messages.isEmpty,
                    nextPoll: answer.nextPoll?.duration
                )
            } catch {
                failures += 1
                guard failures < Self.maximumFailures, Self.isPassing(error) else { throw error }
                let before = pace.wait
                pace.pollFailed(after: BootClock.now() - begin)
                logger.debug("a poll failed", metadata: ["error": "\(error)", "wait": "\(pace.wait)"])
                pause = pace.wait < before ? .zero : backoff.attemptFailed()
            }
            try await Task.sleep(for: pause)
        }
    }

    /// The lane that tells what this node has to say; it ends with the messages.
    private func tell(_ session: UInt64, _ first: [ConnectRequest]) async throws {
        var waiting = first
        try await send(&waiting, session)
        for await _ in outgoing.ready {
            try await Task.sleep(for: Self.gatheringTime)
            waiting = outgoing.takeAll()
            try await send(&waiting, session)
        }
    }

    private func send(_ waiting: inout [ConnectRequest], _ session: UInt64) async throws {
        var backoff = ReconnectBackoff(seed: seed, initial: .milliseconds(200), maximum: .seconds(5))
        var failures = 0
        while !waiting.isEmpty {
            let count = Self.batch(waiting)
            var request = PollRequest()
            request.session = session
            request.messages = Array(waiting.prefix(count))
            do {
                _ = try await poll(request, holding: .zero)
                waiting.removeFirst(count)
                failures = 0
            } catch {
                failures += 1
                guard failures < Self.maximumFailures, Self.isPassing(error) else { throw error }
                try await Task.sleep(for: backoff.attemptFailed())
            }
        }
    }

    /// How many of the messages go into one poll; at least one.
    private static func batch(_ messages: [ConnectRequest]) -> Int {
        var bytes = 0
        var count = 0
        for message in messages.prefix(maximumMessages) {
            bytes += message.encoded.count
            guard count == 0 || bytes <= maximumBytes else { break }
            count += 1
        }
        return count
    }

    private func poll(_ request: PollRequest, holding wait: Duration) async throws -> PollResponse {
        let client = try await connection.client()
        let options = RPCCallOptions(timeout: wait + Self.patience)
        return try await NodeStreamServiceClient(client).poll(request, options: options)
    }

    /// Whether the same poll may yet succeed: neither has control refused it, nor does it know the session no more.
    private static func isPassing(_ error: any Error) -> Bool {
        guard !Task.isCancelled else { return false }
        guard let error = error as? RPCError else { return true }
        return !isRefusal(error.code) && error.code != .notFound
    }
}
