internal import NIOCore

/// Holds a new connection's bytes until `FirstBytes` has decided, then hands the channel over and the bytes behind it.
final class FirstBytesHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let handlers: ListenerHandlers
    private let tls: TLSServerContext?
    private let requiresTLS: Bool
    private let deadline: Duration
    private var seen = ByteBuffer()
    private var timer: Scheduled<Void>?
    private var isDecided = false

    init(handlers: ListenerHandlers, tls: TLSServerContext?, requiresTLS: Bool, deadline: Duration) {
        self.requiresTLS = requiresTLS
        self.handlers = handlers
        self.tls = tls
        self.deadline = deadline
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        timer = context.eventLoop.scheduleTask(in: TimeAmount(deadline)) { channel.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        seen.writeBuffer(&bytes)
        guard !isDecided else { return }
        switch FirstBytes.verdict(seen.readableBytesView) {
        case .needMore: break
        case .unknown: context.close(promise: nil)
        case .decided(let found) where requiresTLS && found != .tls: context.close(promise: nil)
        case .decided(let found): handOver(found, context)
        }
    }

    private func handOver(_ found: DetectedProtocol, _ context: ChannelHandlerContext) {
        isDecided = true
        switch found {
        case .tls:
            guard let tls else { return context.close(promise: nil) }
            do {
                let handlers = handlers
                let handler = try TLSHandler(server: tls, deadline: deadline) { channel, alpn in
                    let handler = alpn == "h2" ? handlers.http2 : handlers.http1
                    guard let handler else { return channel.close() }
                    return handler(channel)
                }
                try context.pipeline.syncOperations.addHandler(handler, position: .after(self))
                passOn(context)
            } catch {
                context.close(promise: nil)
            }
        case .http2: install(handlers.http2, context)
        case .http1: install(handlers.http1, context)
        case .bitTorrent:
            context.channel.hasShownWhatItWants()
            install(handlers.bitTorrent, context)
        }
    }

    private func install(_ handler: ListenerHandlers.Handler?, _ context: ChannelHandlerContext) {
        guard let handler else { return context.close(promise: nil) }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        handler(context.channel).whenComplete { result in
            let (detector, context) = bound.value
            switch result {
            case .success: detector.passOn(context)
            case .failure: context.close(promise: nil)
            }
        }
    }

    private func passOn(_ context: ChannelHandlerContext) {
        let bytes = seen
        seen = ByteBuffer()
        context.fireChannelRead(wrapInboundOut(bytes))
        context.fireChannelReadComplete()
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }
}
