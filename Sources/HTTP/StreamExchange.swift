internal import NIOCore
internal import Synchronization

/// Both directions of one stream between its connection's event loop and the tasks that use it: events go in on the
/// loop, tasks await them; what tasks write is handed to the transport, and they wait while too much is queued.
///
/// Every body byte that arrives is given back to the transport once: as it is read, or when nobody will read it any more.
/// A peer's window would otherwise shrink with every request that is refused before its body.
final class StreamExchange: Sendable {
    private struct State {
        var head: HTTPResponseHead?
        var body = UnreadBody()
        /// Set once nobody reads the body any more: what still comes of it is given back at once.
        var bodyRefusal: HTTPError?
        var isInboundEnded = false
        /// Since when the peer could have said something: its last word, or the last time its bytes were read.
        var quietSince = NIODeadline.now()
        var trailers: HTTPFields?
        var failure: HTTPError?
        var queuedBytes = 0
        var isOutboundEnded = false
        /// Called once, when at most this many bytes are queued.
        var whenRoom: (room: Int, body: @Sendable () -> Void)?
        /// The peer has answered in full and takes no more: what is written is dropped (RFC 9113 section 8.1).
        var isDiscarding = false
        var nextWaiter: UInt64 = 0
        var headWaiters = Waiters<HTTPResponseHead>()
        var bodyWaiters = Waiters<ByteBuffer?>()
        var trailerWaiters = Waiters<HTTPFields?>()
        var writeWaiters = Waiters<Void>()
    }

    private let state = Mutex(State())
    private let transport: any StreamTransport
    private let room: WriteRoom

    /// `isOutboundEnded` for a request that is its head alone.
    init(transport: any StreamTransport, room: WriteRoom, isOutboundEnded: Bool = false) {
        self.transport = transport
        self.room = room
        if isOutboundEnded { state.withLock { $0.isOutboundEnded = true } }
    }

    deinit {
        let (unread, isConnected) = state.withLock { ($0.body.count, $0.failure?.kind != .connectionClosed) }
        if unread > 0, isConnected { transport.consumed(unread) }
    }

    // MARK: Events, on the loop

    func headArrived(_ head: HTTPResponseHead) {
        let waiters = state.withLock { state in
            state.head = head
            state.quietSince = .now()
            return state.headWaiters.takeAll()
        }
        for waiter in waiters { waiter.resume(returning: .success(head)) }
    }

    func bodyArrived(_ bytes: ByteBuffer) {
        let count = bytes.readableBytes
        guard count > 0 else { return }
        let (isHeld, waiter) = state.withLock { state -> (Bool, Waiters<ByteBuffer?>.Waiter?) in
            guard state.bodyRefusal == nil else { return (false, nil) }
            state.quietSince = .now()
            if let waiter = state.bodyWaiters.takeFirst() { return (false, waiter) }
            state.body.append(bytes)
            return (true, nil)
        }
        if !isHeld { transport.consumed(count) }
        waiter?.resume(returning: .success(bytes))
    }

    /// Nobody reads the body any more: what waits of it, and what still comes, is given back to the peer's window. Whoever
    /// reads it all the same gets `refusal`.
    private func refuseBody(_ refusal: HTTPError) {
        let (unread, bodyWaiters, trailerWaiters) = state.withLock { state in
            if state.bodyRefusal == nil { state.bodyRefusal = refusal }
            let isWaitedFor = !state.isInboundEnded
            return (
                state.body.removeAll(),
                isWaitedFor ? state.bodyWaiters.takeAll() : [],
                isWaitedFor ? state.trailerWaiters.takeAll() : []
            )
        }
        if unread > 0 { transport.consumed(unread) }
        for waiter in bodyWaiters { waiter.resume(returning: .failure(refusal)) }
        for waiter in trailerWaiters { waiter.resume(returning: .failure(refusal)) }
    }

    func trailersArrived(_ fields: HTTPFields) { state.withLock { $0.trailers = fields } }

    func inboundEnded() {
        let (headWaiters, bodyWaiters, trailerWaiters, trailers) = state.withLock { state in
            state.isInboundEnded = true
            return (
                state.headWaiters.takeAll(), state.bodyWaiters.takeAll(), state.trailerWaiters.takeAll(), state.trailers
            )
        }
        for waiter in headWaiters { waiter.resume(returning: .failure(Self.headless)) }
        for waiter in bodyWaiters { waiter.resume(returning: .success(nil)) }
        for waiter in trailerWaiters { waiter.resume(returning: .success(trailers)) }
    }

    func failed(_ error: HTTPError) {
        let woken = state.withLock { state -> (State, Bool) in
            guard state.failure == nil else { return (State(), false) }
            state.failure = error
            let before = state
            _ = (state.headWaiters.takeAll(), state.bodyWaiters.takeAll())
            _ = (state.trailerWaiters.takeAll(), state.writeWaiters.takeAll())
            return (before, true)
        }
        guard woken.1 else { return }
        var before = woken.0
        for waiter in before.headWaiters.takeAll() { waiter.resume(returning: .failure(error)) }
        for waiter in before.bodyWaiters.takeAll() { waiter.resume(returning: .failure(error)) }
        for waiter in before.trailerWaiters.takeAll() { waiter.resume(returning: .failure(error)) }
        for waiter in before.writeWaiters.takeAll() { waiter.resume(returning: .failure(error)) }
    }

    private static let headless = HTTPError(.protocolViolation, "the response ended without a head")

    /// The response has left in full, and with it the stream: what of the request was not read is not read any more.
    func answered() {
        outboundStopped()
        refuseBody(HTTPError(.reset, "the request has been answered", code: .noError))
    }

    /// The stream is gone, by the peer or with its connection. A request's body is of no use any more; of a response what
    /// came before can still be read.
    func lost(_ error: HTTPError, isRequest: Bool) {
        failed(error)
        if isRequest { refuseBody(error) }
    }

    /// The response is complete although the request is not: writers go on to read it.
    func outboundStopped() {
        let waiters = state.withLock { state in
            state.isDiscarding = true
            return state.writeWaiters.takeAll()
        }
        for waiter in waiters { waiter.resume(returning: .success(())) }
    }

    /// Bytes have left; writers that waited go on once half of the room is free.
    func sent(_ count: Int) {
        let (waiters, opened) = state.withLock { state -> ([Waiters<Void>.Waiter], (@Sendable () -> Void)?) in
            state.queuedBytes -= count
            var opened: (@Sendable () -> Void)?
            if let waiting = state.whenRoom, state.queuedBytes <= waiting.room {
                opened = waiting.body
                state.whenRoom = nil
            }
            return (state.queuedBytes <= room.share / 2 ? state.writeWaiters.takeAll() : [], opened)
        }
        for waiter in waiters { waiter.resume(returning: .success(())) }
        opened?()
    }

    // MARK: Calls, from tasks

    func head() async throws(HTTPError) -> HTTPResponseHead {
        try await wait(\.headWaiters) { state in
            if let head = state.head { return .success(head) }
            if let failure = state.failure { return .failure(failure) }
            return state.isInboundEnded ? .failure(Self.headless) : nil
        }
    }

    /// The next part of the body; nil behind its end.
    func nextBody() async throws(HTTPError) -> ByteBuffer? {
        let bytes = try await wait(\.bodyWaiters) { state -> Result<ByteBuffer?, HTTPError>? in
            if let refusal = state.bodyRefusal { return .failure(refusal) }
            if let bytes = state.body.popFirst() {
                state.quietSince = .now()
                return .success(bytes)
            }
            if state.isInboundEnded { return .success(nil) }
            return state.failure.map { .failure($0) }
        } taken: { [transport] bytes in
            if let bytes { transport.consumed(bytes.readableBytes) }
        }
        return bytes
    }

    func trailers() async throws(HTTPError) -> HTTPFields? {
        try await wait(\.trailerWaiters) { state in
            if state.isInboundEnded { return .success(state.trailers) }
            return state.failure.map { .failure($0) }
        }
    }

    func sendHead(_ head: HTTPResponseHead, endStream: Bool) throws(HTTPError) {
        let problem = state.withLock { state -> HTTPError? in
            if let failure = state.failure { return failure }
            if state.isOutboundEnded { return HTTPError(.misuse, "a response behind the end") }
            if endStream { state.isOutboundEnded = true }
            return nil
        }
        if let problem { throw problem }
        transport.sendHead(head, endStream: endStream)
    }

    /// Queues bytes and waits while too many are queued.
    func write(_ bytes: ByteBuffer) async throws(HTTPError) {
        let problem = state.withLock { state -> HTTPError? in
            if let failure = state.failure { return failure }
            if state.isOutboundEnded { return HTTPError(.misuse, "a write behind the end") }
            state.queuedBytes += bytes.readableBytes
            return nil
        }
        if let problem { throw problem }
        transport.send(bytes)
        let limit = room.share
        try await wait(\.writeWaiters) { state -> Result<Void, HTTPError>? in
            if let failure = state.failure { return .failure(failure) }
            if state.isDiscarding { return .success(()) }
            return state.queuedBytes <= limit ? .success(()) : nil
        }
    }

    /// Whether fewer than `limit` bytes are queued; where not, `whenRoom` is called once when half of them have gone.
    func hasRoom(below limit: Int, whenRoom: @escaping @Sendable () -> Void) throws(HTTPError) -> Bool {
        let outcome = state.withLock { state -> Result<Bool, HTTPError> in
            if let failure = state.failure { return .failure(failure) }
            if state.queuedBytes < limit { return .success(true) }
            state.whenRoom = (limit / 2, whenRoom)
            return .success(false)
        }
        return try outcome.get()
    }

    /// Queues bytes without waiting; the caller keeps to a limit of its own by `hasRoom`.
    func enqueue(_ bytes: ByteBuffer) throws(HTTPError) {
        let problem = state.withLock { state -> HTTPError? in
            if let failure = state.failure { return failure }
            if state.isOutboundEnded { return HTTPError(.misuse, "a write behind the end") }
            state.queuedBytes += bytes.readableBytes
            return nil
        }
        if let problem { throw problem }
        transport.send(bytes)
    }

    func finish(trailers: HTTPFields?) throws(HTTPError) {
        let problem = state.withLock { state -> HTTPError? in
            if let failure = state.failure { return failure }
            if state.isOutboundEnded { return HTTPError(.misuse, "a second end") }
            state.isOutboundEnded = true
            return nil
        }
        if let problem { throw problem }
        transport.finish(trailers: trailers)
    }

    /// Ends both directions; a stream that has ended already stays as it is.
    func reset(_ code: HTTP2ErrorCode) {
        let isOver = state.withLock { $0.failure != nil || ($0.isInboundEnded && $0.isOutboundEnded) }
        guard !isOver else { return }
        breakOff(code, HTTPError(.reset, "the stream was reset here", code: code))
    }

    private func breakOff(_ code: HTTP2ErrorCode, _ error: HTTPError) {
        transport.reset(code)
        failed(error)
        refuseBody(error)
    }

    /// When the peer's silence is over what `patience` allows; nil once there is nothing more to wait for.
    func silenceEnd(_ patience: HTTPPatience) -> NIODeadline? {
        state.withLock { state in
            guard state.failure == nil, !state.isInboundEnded else { return nil }
            // While bytes wait to be read it is not the peer that is slow.
            let since = state.body.count > 0 ? .now() : state.quietSince
            return since + TimeAmount(state.head == nil ? patience.head : patience.body)
        }
    }

    /// The peer has said nothing for too long.
    func silenceEnded() {
        breakOff(.cancel, HTTPError(.timedOut, "the peer says nothing"))
    }

    var hasFailed: Bool { state.withLock { $0.failure != nil } }

    private func wait<Value: Sendable>(
        _ waiters: any WritableKeyPath<State, Waiters<Value>> & Sendable,
        _ ready: @Sendable (inout State) -> Result<Value, HTTPError>?,
        taken: (Value) -> Void = { _ in }
    ) async throws(HTTPError) -> Value {
        var id: UInt64 = 0
        let now = state.withLock { state -> Result<Value, HTTPError>? in
            state.nextWaiter += 1
            id = state.nextWaiter
            return ready(&state)
        }
        if let now {
            let value = try now.get()
            taken(value)
            return value
        }
        let number = id
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: Waiters<Value>.Waiter) in
                let immediate = state.withLock { state -> Result<Value, HTTPError>? in
                    if let now = ready(&state) { return now }
                    if Task.isCancelled { return .failure(HTTPError(.cancelled, "the task was cancelled")) }
                    state[keyPath: waiters].add(number, continuation)
                    return nil
                }
                if let immediate {
                    if case .success(let value) = immediate { taken(value) }
                    continuation.resume(returning: immediate)
                }
            }
        } onCancel: {
            let waiter = state.withLock { $0[keyPath: waiters].remove(number) }
            waiter?.resume(returning: .failure(HTTPError(.cancelled, "the task was cancelled")))
        }
        return try result.get()
    }
}
