package import NIOCore

/// One request, HTTP/1.1 or HTTP/2, and the way to answer it.
package final class HTTPServerRequest: Sendable {
    package let head: HTTPRequestHead
    package let remoteAddress: SocketAddress?
    /// The caller's certificate; nil where it showed none or there is no TLS.
    package let peer: PeerIdentity?
    package let isHTTP2: Bool
    /// Whether it came inside TLS; what a client claims in `:scheme` does not count.
    package let isSecure: Bool
    package let body: HTTPBody
    private let exchange: StreamExchange

    init(
        head: HTTPRequestHead,
        remoteAddress: SocketAddress?,
        peer: PeerIdentity?,
        isHTTP2: Bool,
        isSecure: Bool,
        exchange: StreamExchange
    ) {
        self.peer = peer
        self.head = head
        self.remoteAddress = remoteAddress
        self.isHTTP2 = isHTTP2
        self.isSecure = isSecure
        self.exchange = exchange
        self.body = HTTPBody(exchange)
    }

    /// Sends the response head; with `endStream` it is the whole response.
    package func respond(_ head: HTTPResponseHead, endStream: Bool = false) async throws(HTTPError) {
        try exchange.sendHead(head, endStream: endStream)
    }

    /// Sends body bytes; waits while the peer takes them more slowly than they come.
    package func write(_ bytes: ByteBuffer) async throws(HTTPError) { try await exchange.write(bytes) }

    /// Sends the response head.
    package func begin(_ head: HTTPResponseHead) throws(HTTPError) { try exchange.sendHead(head, endStream: false) }

    /// Whether fewer than `limit` bytes wait to be sent; where not, `whenRoom` is called once when there is room again.
    package func hasRoom(below limit: Int, whenRoom: @escaping @Sendable () -> Void) throws(HTTPError) -> Bool {
        try exchange.hasRoom(below: limit, whenRoom: whenRoom)
    }

    /// Queues body bytes and returns at once; `hasRoom` bounds what waits.
    package func enqueue(_ bytes: ByteBuffer) throws(HTTPError) { try exchange.enqueue(bytes) }

    /// Lets whoever reads the body see its end, as if the peer had ended it.
    package func endBody() { exchange.inboundEnded() }

    /// Ends the response.
    package func finish(trailers: HTTPFields?) async throws(HTTPError) { try exchange.finish(trailers: trailers) }

    /// Breaks the request off; over HTTP/1.1 the connection ends.
    package func reset(_ code: HTTP2ErrorCode) { exchange.reset(code) }

    /// The request's trailers once its body has ended.
    package func trailers() async throws(HTTPError) -> HTTPFields? { try await exchange.trailers() }
}
