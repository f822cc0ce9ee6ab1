package import NIOCore

/// One request of ours and its response. Letting go of it, and of its body, before its end breaks it off with CANCEL.
package final class HTTPClientStream: Sendable {
    private let exchange: StreamExchange

    init(exchange: StreamExchange) { self.exchange = exchange }

    deinit { exchange.reset(.cancel) }

    package var body: HTTPBody { HTTPBody(exchange, owner: self) }

    /// Sends body bytes; waits while the peer takes them more slowly than they come.
    package func write(_ bytes: ByteBuffer) async throws(HTTPError) { try await exchange.write(bytes) }

    /// Ends the request.
    package func finish() async throws(HTTPError) { try exchange.finish(trailers: nil) }

    /// The response's head, once it is there.
    package func response() async throws(HTTPError) -> HTTPResponseHead { try await exchange.head() }

    /// The response's trailers, once it has ended; nil where it has none.
    package func trailers() async throws(HTTPError) -> HTTPFields? { try await exchange.trailers() }

    /// Breaks the stream off; does nothing to one that has ended.
    package func reset(_ code: HTTP2ErrorCode) { exchange.reset(code) }
}
