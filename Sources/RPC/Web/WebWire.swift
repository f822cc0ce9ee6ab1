internal import HTTP
internal import NIOCore
internal import Synchronization

/// A call that is answered over plain HTTP.
protocol WebWire: CallWire {
    var reply: WebReply { get }
}

extension WebWire {
    var request: HTTPServerRequest { reply.request }

    func reset(_ code: HTTP2ErrorCode) { reply.request.reset(code) }
}

extension HTTPFields {
    /// The status that these trailers end a call with.
    var finalStatus: RPCStatus { rpcStatus ?? RPCStatus(.internal, "the call ended without a status") }
}

/// The one request message of a call whose body is the message: given once, as the frame that gRPC would have sent.
final class WholeRequest: Sendable {
    private let isTaken = Atomic(false)
    private let read: @Sendable () async throws(CallWireError) -> ByteBuffer

    init(_ read: @escaping @Sendable () async throws(CallWireError) -> ByteBuffer) { self.read = read }

    /// The frame; nil once it was given.
    func take() async throws(CallWireError) -> ByteBuffer? {
        guard !isTaken.exchange(true, ordering: .acquiringAndReleasing) else { return nil }
        return try await read()
    }
}
