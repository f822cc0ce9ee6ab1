package import NIOCore

/// The connection's side of one stream: every call may come from anywhere and takes effect on the event loop.
package protocol StreamTransport: Sendable {
    func sendHead(_ head: HTTPResponseHead, endStream: Bool)
    func send(_ bytes: ByteBuffer)
    func finish(trailers: HTTPFields?)
    func reset(_ code: HTTP2ErrorCode)
    /// The reader has taken this many body bytes.
    func consumed(_ count: Int)
}
