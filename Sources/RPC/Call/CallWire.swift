internal import HTTP
internal import NIOCore

/// What the bytes of one call travel over, in gRPC's own form on this side: HTTP as gRPC uses it, or another protocol
/// that is translated to and from it. One call, whatever it came by, has one state machine, one interceptor and one
/// set of limits.
protocol CallWire: Sendable {
    /// The request that the call came as: who called and from where.
    var request: HTTPServerRequest { get }
    /// The next bytes of length-prefixed request messages; nil behind the last.
    func receive() async throws(CallWireError) -> ByteBuffer?
    /// The response's head; with `endStream` it holds the status too (Trailers-Only).
    func respond(_ head: HTTPResponseHead, endStream: Bool) async throws(HTTPError)
    /// One length-prefixed response message.
    func write(_ bytes: ByteBuffer) async throws(HTTPError)
    /// The status and its metadata.
    func finish(trailers: HTTPFields?) async throws(HTTPError)
    /// Breaks the call off.
    func reset(_ code: HTTP2ErrorCode)
}

/// Why no more request bytes come.
enum CallWireError: Error {
    /// The caller went away.
    case lost
    /// The task that reads was cancelled.
    case cancelled
    /// What the caller sent is not a request.
    case refused(RPCError)
}

extension HTTPServerRequest: CallWire {
    var request: HTTPServerRequest { self }

    func receive() async throws(CallWireError) -> ByteBuffer? {
        do throws(HTTPError) {
            return try await body.next()
        } catch {
            throw error.kind == .cancelled ? .cancelled : .lost
        }
    }
}
