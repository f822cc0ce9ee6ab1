internal import NIOCore

/// An HTTP/1.1 request's way to its connection.
struct HTTP1StreamTransport: StreamTransport {
    let handler: NIOLoopBound<HTTP1Handler>
    let loop: any EventLoop

    private func onLoop(_ body: @escaping @Sendable (HTTP1Handler) -> Void) {
        let handler = handler
        if loop.inEventLoop {
            body(handler.value)
        } else {
            loop.execute { body(handler.value) }
        }
    }

    func sendHead(_ head: HTTPResponseHead, endStream: Bool) { onLoop { $0.respond(head, endStream: endStream) } }
    func send(_ bytes: ByteBuffer) { onLoop { $0.send(bytes) } }
    func finish(trailers: HTTPFields?) { onLoop { $0.finish(trailers: trailers) } }
    func reset(_ code: HTTP2ErrorCode) { onLoop { $0.reset() } }
    func consumed(_ count: Int) { onLoop { $0.consumed(count) } }
}
