internal import NIOCore

/// One HTTP/2 stream's way to its connection.
struct HTTP2StreamTransport: StreamTransport {
    let stream: Int32
    let handler: NIOLoopBound<HTTP2Handler>
    let loop: any EventLoop

    private func onLoop(_ body: @escaping @Sendable (HTTP2Handler) -> Void) {
        let handler = handler
        if loop.inEventLoop {
            body(handler.value)
        } else {
            loop.execute { body(handler.value) }
        }
    }

    func sendHead(_ head: HTTPResponseHead, endStream: Bool) {
        onLoop { [stream] in $0.sendHead(stream, head, endStream: endStream) }
    }
    func send(_ bytes: ByteBuffer) { onLoop { [stream] in $0.send(stream, bytes) } }
    func finish(trailers: HTTPFields?) { onLoop { [stream] in $0.finish(stream, trailers: trailers) } }
    func reset(_ code: HTTP2ErrorCode) { onLoop { [stream] in $0.reset(stream, code) } }
    func consumed(_ count: Int) { onLoop { [stream] in $0.consumed(stream, count) } }
}
