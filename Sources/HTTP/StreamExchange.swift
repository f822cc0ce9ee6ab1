internal import NIOCore
internal import Synchronization

/// Both directions of one stream between its connection's event loop and the tasks that use it: events go in on the
/// loop, tasks await them; what tasks write is handed to the transport, and they wait while too much is queued.
final class StreamExchange: Sendable {
    private struct State {
        var head: HTTPResponseHead?
        var body = CircularBuffer<ByteBuffer>(initialCapacity: 1)
        var isInboundEnded = false
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

    init(transport: any StreamTransport, room: WriteRoom) {
        self.transport = transport
        self.room = room
    }

    // MARK: Events, on the loop

    func headArrived(_ head: HTTPResponseHead) {
        let waiters = state.withLock { state in
            state.head = head
            return state.headWaiters.takeAll()
        }
        for waiter in waiters { waiter.resume(returning: .success(head)) }
    }

    func bodyArrived(_ bytes: ByteBuffer) {
        guard bytes.readableBytes > 0 else { return }
        let waiter = state.withLock { state in
            guard let waiter = state.bodyWaiters.takeAll().first else {
                state.body.append(bytes)
                return nil as Waiters<ByteBuffer?>.Waiter?
            }
            return waiter
        }
        guard let waiter else { return }
        transport.consumed(bytes.readableBytes)
        waiter.resume(returning: .success(bytes))
    }

    func trailersArrived(_ fields: HTTPFields) { state.withLock { $0.trailers = fields } }

    func inboundEnded() {
        let (bodyWaiters, trailerWaiters, trailers) = state.withLock { state in
            state.isInboundEnded = true
            return (state.bodyWaiters.takeAll(), state.trailerWaiters.takeAll(), state.trailers)
        }
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
            return state.failure.map { .failure($0) }
        }
    }

    /// The next part of the body; nil behind its end.
    func nextBody() async throws(HTTPError) -> ByteBuffer? {
        let bytes = try await wait(\.bodyWaiters) { state -> Result<ByteBuffer?, HTTPError>? in
            if let bytes = state.body.popFirst() { return .success(bytes) }
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
        transport.reset(code)
        failed(HTTPError(.reset, "the stream was reset here", code: code))
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
