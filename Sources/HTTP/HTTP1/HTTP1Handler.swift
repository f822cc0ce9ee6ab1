internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import Transport

/// HTTP/1.1 on a channel behind NIO's decoder and encoder: one request at a time, pipelined ones wait their turn.
final class HTTP1Handler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let handler: any HTTPRequestHandler
    private let limits: HTTPLimits
    private let isSecure: Bool
    private let peer: PeerIdentity?
    private let loop: any EventLoop
    private let executor: EventLoopExecutor
    private var context: ChannelHandlerContext?
    private var exchange: StreamExchange?
    private var task: Task<Void, Never>?
    private var isResponseComplete = true
    private var isRequestComplete = true
    /// The response has begun.
    private var hasAnswered = false
    private var keepsAlive = true
    private var isHeadRequest = false
    /// What the client speaks: HTTP/1.0 knows no chunks.
    private var version = HTTPVersion.http1_1
    private var isChunked = false
    /// Body bytes that were neither read nor refused.
    private var unread = 0
    private var isHeld = false
    /// For the head, or the time without a request.
    private var timer: Scheduled<Void>?
    /// A request has come and been answered, and of the next one nothing has come yet.
    private var isIdle = false
    private var hasBegun = false
    private var pace: HTTP1BodyPace?
    private var paceTimer: Scheduled<Void>?
    /// The last response is on its way, and nothing more is taken in.
    private var isClosing = false
    private var writePace: HTTP1WritePace?
    private var writeTimer: Scheduled<Void>?
    /// Writes that have left the channel.
    private var endedWrites = 0

    init(
        handler: any HTTPRequestHandler,
        limits: HTTPLimits,
        isSecure: Bool,
        peer: PeerIdentity?,
        loop: any EventLoop
    ) {
        self.peer = peer
        self.handler = handler
        self.limits = limits
        self.isSecure = isSecure
        self.loop = loop
        self.executor = EventLoopExecutor(loop)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        arm(limits.headDeadline)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        cancelTimers()
    }

    private func cancelTimers() {
        timer?.cancel()
        paceTimer?.cancel()
        writeTimer?.cancel()
        (paceTimer, writeTimer) = (nil, nil)
    }

    /// The connection ends unless something happens before.
    private func arm(_ deadline: Duration?) {
        timer?.cancel()
        guard let deadline, let channel = context?.channel else { return }
        timer = loop.scheduleTask(in: TimeAmount(deadline)) { channel.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        switch unwrapInboundIn(data) {
        case .head(let head): begin(head, context)
        case .body(let bytes):
            pace?.bodyArrived(bytes.readableBytes)
            unread += bytes.readableBytes
            exchange?.bodyArrived(bytes)
            hold(context)
        case .end(let trailers):
            isRequestComplete = true
            pace = nil
            if let trailers, !trailers.isEmpty {
                var fields = HTTPFields()
                for (name, value) in trailers { fields.append(name, value) }
                exchange?.trailersArrived(fields)
            }
            exchange?.inboundEnded()
            finishExchange()
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if pace != nil, paceTimer == nil { awaitBody() }
        context.fireChannelReadComplete()
    }

    /// Bytes have come that are not decoded yet. Behind a request that is done they begin the next head.
    func bytesArrived() {
        guard isIdle else { return }
        isIdle = false
        arm(limits.headDeadline)
    }

    /// Ends a request whose body comes too slowly.
    private func awaitBody() {
        guard let pace else { return paceTimer = nil }
        let deadline = pace.deadline ?? .now() + TimeAmount(limits.bodyGrace)
        let bound = NIOLoopBound(self, eventLoop: loop)
        paceTimer = loop.scheduleTask(deadline: deadline) {
            let handler = bound.value
            guard let deadline = handler.pace?.deadline, deadline <= .now() else { return handler.awaitBody() }
            handler.bodyTooSlow()
        }
    }

    private func bodyTooSlow() {
        keepsAlive = false
        exchange?.failed(HTTPError(.timedOut, "the body comes too slowly"))
        task?.cancel()
        if hasAnswered { context?.close(promise: nil) } else { respond(HTTPResponseHead(status: 408), endStream: true) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        cancelTimers()
        exchange?.failed(HTTPError(.connectionClosed, "the connection ended"))
        task?.cancel()
        exchange = nil
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if exchange == nil, isResponseComplete {
            let head = NIOHTTP1.HTTPResponseHead(
                version: .http1_1,
                status: .badRequest,
                headers: ["content-length": "0", "connection": "close"]
            )
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
        context.close(promise: nil)
    }

    private func begin(_ head: NIOHTTP1.HTTPRequestHead, _ context: ChannelHandlerContext) {
        arm(nil)
        isIdle = false
        if !hasBegun { context.channel.hasShownWhatItWants() }
        hasBegun = true
        pace = HTTP1BodyPace(
            grace: TimeAmount(limits.bodyGrace),
            bytesPerSecond: limits.minimumBodyRate,
            at: .now()
        )
        isRequestComplete = false
        isResponseComplete = false
        hasAnswered = false
        keepsAlive = head.isKeepAlive
        isHeadRequest = head.method == .HEAD
        version = head.version == .http1_0 ? .http1_0 : .http1_1
        var request = HTTPRequestHead(
            method: head.method.rawValue,
            scheme: isSecure ? "https" : "http",
            authority: head.headers.first(name: "host") ?? "",
            path: head.uri
        )
        for (name, value) in head.headers { request.fields.append(name, value) }
        guard request.fields.listSize <= limits.maximumHeaderListSize else {
            keepsAlive = false
            respond(HTTPResponseHead(status: 431), endStream: true)
            return
        }
        if request.fields["expect"]?.lowercased() == "100-continue" {
            context.writeAndFlush(wrapOutboundOut(.head(.init(version: .http1_1, status: .continue))), promise: nil)
        }
        let bound = NIOLoopBound(self, eventLoop: loop)
        let transport = HTTP1StreamTransport(handler: bound, loop: loop)
        let exchange = StreamExchange(transport: transport, room: WriteRoom(perStream: limits.writeHighWater))
        self.exchange = exchange
        let served = HTTPServerRequest(
            head: request,
            remoteAddress: context.remoteAddress,
            peer: peer,
            isHTTP2: false,
            isSecure: isSecure,
            exchange: exchange
        )
        let handler = handler
        task = Task(executorPreference: executor) { await handler.handle(served) }
    }

    // MARK: Calls on the loop

    func respond(_ head: HTTPResponseHead, endStream: Bool) {
        guard let context, !isResponseComplete, !hasAnswered else { return }
        hasAnswered = true
        var headers = HTTPHeaders()
        for field in head.fields.fields { headers.add(name: field.name, value: field.value) }
        isChunked = false
        if !headers.contains(name: "content-length"), head.status != 204, head.status != 304 {
            if endStream {
                headers.add(name: "content-length", value: "0")
            } else if version == .http1_0 {
                // The end of the connection is the end of the answer (RFC 9112 section 6.3).
                keepsAlive = false
            } else {
                headers.add(name: "transfer-encoding", value: "chunked")
                isChunked = true
            }
        }
        if !keepsAlive {
            headers.replaceOrAdd(name: "connection", value: "close")
        } else if version == .http1_0 {
            headers.replaceOrAdd(name: "connection", value: "keep-alive")
        }
        let status = HTTPResponseStatus(statusCode: head.status)
        context.write(
            wrapOutboundOut(.head(.init(version: version, status: status, headers: headers))),
            promise: nil
        )
        if endStream { finish(trailers: nil) } else { context.flush() }
        watchWrites()
    }

    func send(_ bytes: ByteBuffer) {
        guard let context, !isResponseComplete else { return }
        let count = bytes.readableBytes
        guard !isHeadRequest else {
            exchange?.sent(count)
            return
        }
        let exchange = exchange
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { [weak self] _ in
            self?.endedWrites += 1
            exchange?.sent(count)
        }
        context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: promise)
        watchWrites()
    }

    func finish(trailers: HTTPFields?) {
        guard let context, !isResponseComplete else { return }
        isResponseComplete = true
        var headers: HTTPHeaders?
        if isChunked, let trailers, !trailers.isEmpty {
            var made = HTTPHeaders()
            for field in trailers.fields { made.add(name: field.name, value: field.value) }
            headers = made
        }
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { [weak self] _ in self?.responseWritten() }
        // The next request may begin within the call.
        finishExchange()
        context.writeAndFlush(wrapOutboundOut(.end(headers)), promise: written)
        watchWrites()
    }

    /// What the client had not taken would have been lost with the connection.
    private func responseWritten() {
        if isClosing { context?.close(promise: nil) }
    }

    /// Ends a connection whose client takes nothing of what waits for it.
    private func watchWrites() {
        guard writeTimer == nil, let context, waitingBytes(context) > 0 else { return }
        let patience = TimeAmount(limits.stallDeadline)
        if writePace == nil { writePace = HTTP1WritePace(patience: patience, at: .now()) }
        let bound = NIOLoopBound(self, eventLoop: loop)
        writeTimer = loop.scheduleTask(in: .nanoseconds(max(1, patience.nanoseconds / 4))) {
            bound.value.lookAtWrites()
        }
    }

    private func lookAtWrites() {
        writeTimer = nil
        guard let context else { return }
        let waiting = waitingBytes(context)
        if writePace?.looked(waiting: waiting, ended: endedWrites, at: .now()) == true {
            exchange?.failed(HTTPError(.timedOut, "the client does not read"))
            context.close(promise: nil)
        } else if waiting == 0 {
            writePace = nil
        } else {
            watchWrites()
        }
    }

    private func waitingBytes(_ context: ChannelHandlerContext) -> Int {
        (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    func reset() { context?.close(promise: nil) }

    func consumed(_ count: Int) {
        unread -= count
        guard isHeld, unread <= Int(limits.streamWindow) / 2, let context else { return }
        isHeld = false
        pace?.readingResumed(at: .now())
        context.channel.setOption(.autoRead, value: true).whenFailure { _ in }
    }

    /// A body that nobody reads stays in the kernel.
    private func hold(_ context: ChannelHandlerContext) {
        guard !isHeld, unread > Int(limits.streamWindow) else { return }
        isHeld = true
        pace?.readingPaused(at: .now())
        context.channel.setOption(.autoRead, value: false).whenFailure { _ in }
    }

    private func finishExchange() {
        guard isResponseComplete else { return }
        // What nobody has read of the body would count against the next request.
        exchange?.answered()
        guard isRequestComplete, keepsAlive else {
            // A body that was not read to its end cannot be told from the next request.
            isClosing = true
            return
        }
        exchange = nil
        task = nil
        isIdle = true
        arm(limits.idleDeadline)
    }
}
