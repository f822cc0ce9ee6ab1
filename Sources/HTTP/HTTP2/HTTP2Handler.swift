internal import Logging
internal import NIOCore
internal import Transport

/// Puts an `HTTP2Session` on a channel: bytes in, events to the streams' exchanges, output to the socket while it takes
/// it. Everything happens on the channel's event loop.
final class HTTP2Handler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Output handed to the socket in one go.
    private static let outputLimit = 1 << 20

    let session: HTTP2Session
    let loop: any EventLoop
    private let opened: (HTTP2Handler, Int32, HTTPFields, Bool) -> StreamExchange?
    private var exchanges: [Int32: StreamExchange] = [:] {
        didSet {
            room.streamsOpen(exchanges.count)
            if exchanges.isEmpty { deadlines.idleSince = .now() }
        }
    }
    let room: WriteRoom
    private var tasks: [Int32: Task<Void, Never>] = [:]
    /// Server streams whose response is complete, and client streams whose request is.
    private var finishedHere: Set<Int32> = []
    private var endedThere: Set<Int32> = []
    /// Looks at streams of ours whose peer may be silent for too long.
    private var silences: [Int32: Scheduled<Void>] = [:]
    private(set) var context: ChannelHandlerContext?
    private var isPumpPending = false
    private var isReading = false
    /// Input that waits for the connection's next turn, and a read that waits behind it.
    private var turns = (isPending: false, isReadHeld: false)
    private(set) var failure: HTTPError?
    /// Everything is said: what is queued still goes out, and nothing more is taken in.
    private(set) var isClosing = false
    private(set) var isGoingAway = false { didSet { takesStreams.store(!isGoingAway) } }
    /// Whether the peer takes new streams, for those who ask from other threads.
    let takesStreams = SharedFlag(true)
    let deadlines = HTTP2Deadlines()
    var whenClosed: [@Sendable () -> Void] = []

    /// `opened` gives the exchange of a stream that the peer has opened; nil refuses it.
    init(
        session: HTTP2Session,
        loop: any EventLoop,
        opened: @escaping (HTTP2Handler, Int32, HTTPFields, Bool) -> StreamExchange?
    ) {
        self.session = session
        self.room = WriteRoom(
            perStream: session.limits.writeHighWater,
            whole: session.limits.connectionWriteHighWater
        )
        self.loop = loop
        self.opened = opened
    }

    var streamCount: Int { exchanges.count }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        armAtStart()
        if context.channel.isActive { pump() }
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        pump()
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        let now = NIODeadline.now()
        deadlines.lastRead = now
        let bytes = unwrapInboundIn(data)
        take { () throws(HTTPError) in try session.receive(bytes, at: now) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if !turns.isPending { turnEnded() }
        context.fireChannelReadComplete()
    }

    /// While input waits for its turn no more of it is asked for.
    func read(context: ChannelHandlerContext) {
        if turns.isPending { turns.isReadHeld = true } else { context.read() }
    }

    private func take(_ input: () throws(HTTPError) -> [HTTP2Event]) {
        isReading = true
        defer { isReading = false }
        do throws(HTTPError) {
            take(try input())
        } catch {
            fail(error)
        }
        if session.hasUnread, !turns.isPending {
            turns.isPending = true
            EventLoopTurns.next(on: loop) { self.takeTurn() }
        }
    }

    private func takeTurn() {
        turns.isPending = false
        if context?.channel.isActive == true, !isClosing {
            take(session.receiveOn)
            turnEnded()
        }
        if !turns.isPending, turns.isReadHeld {
            turns.isReadHeld = false
            context?.read()
        }
    }

    private func turnEnded() {
        readEnded()
        pump()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { pump() }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        takesStreams.store(false)
        deadlines.cancelAll()
        closeStreams(failure ?? HTTPError(.connectionClosed, "the connection ended"))
        for closed in whenClosed { closed() }
        whenClosed = []
        context.fireChannelInactive()
    }

    /// The listener goes away: no new streams, those under way go on (RFC 9113 section 6.8).
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { drain("shutdown") }
        // A client of ours has no reason to wait for the server's end.
        if case .outputClosed? = event as? ChannelEvent, !session.isServer { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if failure == nil { failure = HTTPError(.connectionClosed, "the connection broke: \(error)") }
        context.close(promise: nil)
    }

    // MARK: Events

    private func take(_ events: [HTTP2Event]) {
        for event in events {
            switch event {
            case .head(let stream, let fields, let endStream): headArrived(stream, fields, endStream)
            case .trailers(let stream, let fields): exchanges[stream]?.trailersArrived(fields)
            case .body(let stream, let bytes):
                if let exchange = exchanges[stream] {
                    exchange.bodyArrived(bytes)
                } else {
                    session.consumed(stream, bytes.readableBytes)
                }
            case .end(let stream):
                endedThere.insert(stream)
                exchanges[stream]?.inboundEnded()
            case .closed(let stream, let code): streamClosed(stream, code)
            case .goAway(let lastStream, let code): goAwayArrived(lastStream, code)
            }
        }
    }

    private func headArrived(_ stream: Int32, _ fields: HTTPFields, _ endStream: Bool) {
        if session.isServer {
            guard let exchange = opened(self, stream, fields, endStream) else {
                return session.reset(stream, .protocolError)
            }
            exchanges[stream] = exchange
        } else if let exchange = exchanges[stream] {
            guard let status = fields[":status"].flatMap({ Int($0) }) else {
                return session.reset(stream, .protocolError)
            }
            // Interim responses (RFC 9110 section 15.2) are not for the caller.
            guard status >= 200 else { return }
            var head = HTTPResponseHead(status: status)
            for field in fields.fields where !field.name.hasPrefix(":") { head.fields.append(field.name, field.value) }
            exchange.headArrived(head)
        }
    }

    private func streamClosed(_ stream: Int32, _ code: HTTP2ErrorCode) {
        let ended = endedThere.remove(stream) != nil
        let finished = finishedHere.remove(stream) != nil
        silences.removeValue(forKey: stream)?.cancel()
        guard let exchange = exchanges.removeValue(forKey: stream) else { return }
        let task = tasks.removeValue(forKey: stream)
        // A server may end a stream early with NO_ERROR once its response is complete (RFC 9113 section 8.1).
        if session.isServer, finished, code == .noError { return exchange.answered() }
        if !session.isServer, ended { return exchange.outboundStopped() }
        exchange.lost(HTTPError(.reset, "the stream was reset", code: code), isRequest: session.isServer)
        task?.cancel()
    }

    private func goAwayArrived(_ lastStream: Int32, _ code: HTTP2ErrorCode) {
        isGoingAway = true
        guard !session.isServer else { return }
        for (stream, exchange) in exchanges where stream > lastStream {
            exchange.failed(HTTPError(.goAway, "the peer did not take the stream", code: .refusedStream))
        }
    }

    private func closeStreams(_ error: HTTPError) {
        let lost = exchanges.map { ($0.value, tasks[$0.key]) }
        exchanges = [:]
        tasks = [:]
        for silence in silences.values { silence.cancel() }
        silences = [:]
        tell(lost[...], error)
    }

    /// Streams of a server that end together have turns as those that begin together.
    private func tell(_ lost: ArraySlice<(StreamExchange, Task<Void, Never>?)>, _ error: HTTPError) {
        let count = session.isServer ? HTTP2InputTurn.streams : lost.count
        for (exchange, task) in lost.prefix(count) {
            exchange.lost(error, isRequest: session.isServer)
            task?.cancel()
        }
        let rest = lost.dropFirst(count)
        if !rest.isEmpty { EventLoopTurns.next(on: loop) { self.tell(rest, error) } }
    }

    /// Tells the peer why, and ends the connection.
    func fail(_ error: HTTPError) {
        failure = error
        pump()
        context?.close(promise: nil)
    }

    // MARK: Calls on the loop

    /// Opens a stream of ours.
    func open(
        _ head: HTTPRequestHead,
        endStream: Bool,
        patience: HTTPPatience?,
        _ exchange: (Int32) -> StreamExchange
    ) throws(HTTPError) -> StreamExchange {
        if let failure { throw failure }
        guard context?.channel.isActive == true else { throw HTTPError(.connectionClosed, "the connection has ended") }
        guard !isGoingAway else { throw HTTPError(.goAway, "the peer takes no new streams", code: .refusedStream) }
        let stream = try session.submitRequest(head, endStream: endStream)
        let made = exchange(stream)
        exchanges[stream] = made
        if endStream { finishedHere.insert(stream) }
        if let patience { awaitWord(stream, made, patience) }
        schedulePump()
        return made
    }

    /// Ends a stream of ours whose peer says nothing for too long.
    private func awaitWord(_ stream: Int32, _ exchange: StreamExchange, _ patience: HTTPPatience) {
        guard let end = exchange.silenceEnd(patience) else { return silences[stream] = nil }
        guard end > .now() else { return exchange.silenceEnded() }
        let bound = NIOLoopBound(self, eventLoop: loop)
        silences[stream] = loop.scheduleTask(deadline: end) { [weak exchange] in
            if let exchange { bound.value.awaitWord(stream, exchange, patience) }
        }
    }

    func started(_ task: Task<Void, Never>, for stream: Int32) {
        // A stream may have ended before its task was made known.
        if exchanges[stream] != nil { tasks[stream] = task } else { task.cancel() }
    }

    /// A handler that returns without an end to its response leaves nobody who could give it one.
    func taskEnded(_ stream: Int32) {
        tasks.removeValue(forKey: stream)
        if exchanges[stream] != nil, !finishedHere.contains(stream) { reset(stream, .internalError) }
    }

    func sendHead(_ stream: Int32, _ head: HTTPResponseHead, endStream: Bool) {
        guard exchanges[stream] != nil else { return }
        if endStream { finishedHere.insert(stream) }
        session.submitResponse(stream, head, endStream: endStream)
        schedulePump()
    }

    func send(_ stream: Int32, _ bytes: ByteBuffer) {
        guard exchanges[stream] != nil else { return }
        session.append(stream, bytes)
        schedulePump()
    }

    func finish(_ stream: Int32, trailers: HTTPFields?) {
        guard exchanges[stream] != nil else { return }
        finishedHere.insert(stream)
        session.finish(stream, trailers: trailers)
        schedulePump()
    }

    func reset(_ stream: Int32, _ code: HTTP2ErrorCode) {
        guard exchanges[stream] != nil else { return }
        session.reset(stream, code)
        schedulePump()
    }

    func consumed(_ stream: Int32, _ count: Int) {
        session.consumed(stream, count)
        schedulePump()
    }

    /// Ends the connection after what is queued.
    func end() {
        session.end(.noError)
        pump()
        context?.close(promise: nil)
    }

    /// One pump for everything that happens in this turn of the loop.
    func schedulePump() {
        guard !isPumpPending, !isReading else { return }
        isPumpPending = true
        // The handler does not leave its loop: the closure runs on it.
        let bound = NIOLoopBound(self, eventLoop: loop)
        loop.execute { bound.value.runPendingPump() }
    }

    private func runPendingPump() {
        isPumpPending = false
        pump()
    }

    /// Moves output to the socket while it takes it.
    private func pump() {
        guard let context, context.channel.isActive else { return }
        var wrote = false
        while context.channel.isWritable {
            let output = session.takeOutput(limit: Self.outputLimit)
            for bytes in output { context.write(wrapOutboundOut(bytes), promise: nil) }
            wrote = wrote || !output.isEmpty
            for (stream, count) in session.takeSent() { exchanges[stream]?.sent(count) }
            endFinishedStreams()
            take(session.takeEvents())
            if output.isEmpty { break }
            context.flush()
        }
        if wrote { context.flush() }
        armStall()
        if !session.wantsMore { closeBehindOutput(context) }
    }

    /// Ends our half behind what is queued. Closing outright would lose that, and with bytes of the peer's unread even what
    /// the kernel holds.
    private func closeBehindOutput(_ context: ChannelHandlerContext) {
        guard !isClosing else { return }
        isClosing = true
        context.close(mode: .output, promise: nil)
        armClosing()
    }

    /// A response is complete although the request is not: the stream is freed (gRPC's half-close rule).
    private func endFinishedStreams() {
        guard session.isServer else { return }
        for stream in finishedHere where !endedThere.contains(stream) && exchanges[stream] != nil {
            if session.isDrained(stream) { session.reset(stream, .noError) }
        }
    }
}
