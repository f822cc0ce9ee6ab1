package import NIOCore

/// A body as it arrives, in order. The peer may send more only as it is read.
package struct HTTPBody: AsyncSequence, Sendable {
    package typealias Element = ByteBuffer
    package typealias Failure = HTTPError

    private let exchange: StreamExchange
    /// What breaks the stream off when it is let go of; it lasts as long as somebody reads.
    private let owner: HTTPClientStream?

    init(_ exchange: StreamExchange, owner: HTTPClientStream? = nil) {
        self.exchange = exchange
        self.owner = owner
    }

    /// The next bytes; nil behind the end.
    package func next() async throws(HTTPError) -> ByteBuffer? {
        defer { withExtendedLifetime(owner) {} }
        return try await exchange.nextBody()
    }

    package func makeAsyncIterator() -> Iterator { Iterator(body: self) }

    /// Reads the body; all iterators share one position.
    package struct Iterator: AsyncIteratorProtocol {
        fileprivate let body: HTTPBody

        package mutating func next() async throws(HTTPError) -> ByteBuffer? { try await body.next() }

        package mutating func next(isolation actor: isolated (any Actor)?) async throws(HTTPError) -> ByteBuffer? {
            try await body.next()
        }
    }
}
