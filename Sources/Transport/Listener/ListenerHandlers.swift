package import NIOCore

/// Who takes a connection once it is known what it speaks. Called on its event loop; the bytes seen are fired into the
/// pipeline again behind it. A protocol without a handler is refused.
package struct ListenerHandlers: Sendable {
    package typealias Handler = @Sendable (any Channel) -> EventLoopFuture<Void>

    package var http2: Handler?
    package var http1: Handler?
    package var bitTorrent: Handler?

    package init(
        http2: Handler? = nil,
        http1: Handler? = nil,
        bitTorrent: Handler? = nil
    ) {
        self.http2 = http2
        self.http1 = http1
        self.bitTorrent = bitTorrent
    }
}
