internal import NIOCore

/// TLS on a channel: OpenSSL between the socket and the handlers behind it.
final class TLSHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let session: TLSSession
    /// Called once with the protocol that was agreed on, before the first plain byte.
    private let established: ((any Channel, String) -> EventLoopFuture<Void>)?
    private var waiting: [(ByteBuffer, EventLoopPromise<Void>?)] = []
    private var isReady = false
    private var isHandingOver = false
    /// How long the handshake may take.
    private let deadline: Duration
    private var timer: Scheduled<Void>?
    /// What the other end has proven of itself, once the handshake is done.
    private(set) var peerCertificate: PeerCertificate?

    init(
        server context: TLSServerContext,
        deadline: Duration,
        established: @escaping (any Channel, String) -> EventLoopFuture<Void>
    ) throws(TransportError) {
        self.session = try TLSSession(server: context)
        self.deadline = deadline
        self.established = established
    }

    init(
        client context: TLSClientContext,
        serverName: String,
        alpn: [String],
        deadline: Duration
    ) throws(TransportError) {
        self.session = try TLSSession(client: context, serverName: serverName, alpn: alpn)
        self.deadline = deadline
        self.established = nil
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: TimeAmount(deadline)) {
            let context = bound.value
            context.fireErrorCaught(TransportError(.timedOut, "the TLS handshake took too long"))
            context.close(promise: nil)
        }
        if context.channel.isActive { advance(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func channelActive(context: ChannelHandlerContext) {
        advance(context)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        session.feed(unwrapInboundIn(data))
        advance(context)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard isReady else { return waiting.append((unwrapOutboundIn(data), promise)) }
        encrypt(unwrapOutboundIn(data), promise, context)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        // A handshake that is cut in half can come to nothing.
        guard isReady else { return context.close(mode: .all, promise: promise) }
        session.close()
        sendOutput(context, nil)
        context.flush()
        context.close(mode: mode, promise: promise)
    }

    private func advance(_ context: ChannelHandlerContext) {
        do throws(TransportError) {
            if !isReady {
                let isDone = try session.handshake()
                sendOutput(context, nil)
                context.flush()
                guard isDone, !isHandingOver else { return }
                return handOver(context)
            }
            try deliver(context)
        } catch {
            sendOutput(context, nil)
            context.flush()
            context.fireErrorCaught(error)
            context.close(promise: nil)
        }
    }

    private func handOver(_ context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
        peerCertificate = session.peerCertificate
        guard let established else { return ready(context) }
        isHandingOver = true
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        established(context.channel, session.negotiatedProtocol).whenComplete { result in
            let (handler, context) = bound.value
            switch result {
            case .success: handler.ready(context)
            case .failure: context.close(promise: nil)
            }
        }
    }

    private func ready(_ context: ChannelHandlerContext) {
        isReady = true
        let held = waiting
        waiting = []
        for (bytes, promise) in held { encrypt(bytes, promise, context) }
        context.flush()
        advance(context)
    }

    private func deliver(_ context: ChannelHandlerContext) throws(TransportError) {
        var plain = ByteBuffer()
        let isOpen = try session.read(into: &plain)
        sendOutput(context, nil)
        session.shrink()
        if plain.readableBytes > 0 {
            context.fireChannelRead(wrapInboundOut(plain))
            context.fireChannelReadComplete()
        }
        if !isOpen { context.close(promise: nil) }
    }

    private func encrypt(_ bytes: ByteBuffer, _ promise: EventLoopPromise<Void>?, _ context: ChannelHandlerContext) {
        do throws(TransportError) {
            try session.write(bytes)
            sendOutput(context, promise)
        } catch {
            promise?.fail(error)
            context.close(promise: nil)
        }
    }

    private func sendOutput(_ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        guard let output = session.takeOutput() else {
            promise?.succeed()
            return
        }
        context.write(wrapOutboundOut(output), promise: promise)
    }
}
