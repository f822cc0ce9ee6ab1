internal import NIOCore

/// What the peer's bytes meant, in order.
enum HTTP2Event {
    case head(stream: Int32, fields: HTTPFields, endStream: Bool)
    case trailers(stream: Int32, fields: HTTPFields)
    /// Payload, to be given back by `consumed`; padding nghttp2 gives back by itself.
    case body(stream: Int32, bytes: ByteBuffer)
    case end(stream: Int32)
    case closed(stream: Int32, code: HTTP2ErrorCode)
    /// The peer takes no stream above `lastStream` any more.
    case goAway(lastStream: Int32, code: HTTP2ErrorCode)
}
