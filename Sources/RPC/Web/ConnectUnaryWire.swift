internal import HTTP
internal import NIOCore
internal import Synchronization

/// A unary call of the Connect protocol: the message is the body, the status is HTTP's.
final class ConnectUnaryWire: CallWire {
    private struct Response {
        var isRead = false
        var metadata = HTTPFields()
        var message = ByteBuffer()
    }
    private let reply: WebReply
    private let body: WebBody
    private let contentType: String
    private let state = Mutex(Response())

    init(body: WebBody, contentType: String, reply: WebReply) {
        self.body = body
        self.contentType = contentType
        self.reply = reply
    }

    var request: HTTPServerRequest { reply.request }

    func receive() async throws(CallWireError) -> ByteBuffer? {
        let isFirst = state.withLock { state in
            defer { state.isRead = true }
            return !state.isRead
        }
        guard isFirst else { return nil }
        return CallOutcome.frame(flag: 0, try await body.read())
    }

    func respond(_ head: HTTPResponseHead, endStream: Bool) async throws(HTTPError) {
        guard endStream else { return state.withLock { $0.metadata = CallOutcome.metadata(head.fields) } }
        try await finish(trailers: head.fields)
    }

    func write(_ bytes: ByteBuffer) async throws(HTTPError) {
        state.withLock { $0.message = CallOutcome.message(bytes) }
    }

    func finish(trailers: HTTPFields?) async throws(HTTPError) {
        let trailers = trailers ?? HTTPFields()
        let status = trailers.rpcStatus ?? RPCStatus(.internal, "the call ended without a status")
        var (fields, message) = state.withLock { ($0.metadata, $0.message) }
        for (name, value) in CallOutcome.metadata(trailers) { fields.append("trailer-" + name, value) }
        guard status.code == .ok else { return try await Self.fail(status, reply, fields) }
        fields.append("content-type", contentType)
        try await reply.whole(200, fields, message)
    }

    func reset(_ code: HTTP2ErrorCode) { reply.request.reset(code) }

    /// Answers with an error.
    static func fail(
        _ status: RPCStatus,
        _ reply: WebReply,
        http: Int? = nil,
        _ fields: HTTPFields = HTTPFields()
    ) async throws(HTTPError) {
        var fields = fields
        fields.append("content-type", "application/json")
        try await reply.whole(
            http ?? status.code.httpStatus,
            fields,
            ByteBuffer(string: ConnectError.json(status).text)
        )
    }
}
