internal import HTTP
internal import NIOCore
internal import Synchronization

/// A unary call of the Connect protocol: the message is the body, the status is HTTP's.
final class ConnectUnaryWire: WebWire {
    private struct Response {
        var metadata = HTTPFields()
        var message = ByteBuffer()
    }
    let reply: WebReply
    private let whole: WholeRequest
    private let contentType: String
    private let state = Mutex(Response())

    init(body: WebBody, contentType: String, reply: WebReply) {
        self.whole = WholeRequest { () async throws(CallWireError) in CallOutcome.frame(flag: 0, try await body.read())
        }
        self.contentType = contentType
        self.reply = reply
    }

    func receive() async throws(CallWireError) -> ByteBuffer? { try await whole.take() }

    func respond(_ head: HTTPResponseHead, endStream: Bool) async throws(HTTPError) {
        guard endStream else { return state.withLock { $0.metadata = CallOutcome.metadata(head.fields) } }
        try await finish(trailers: head.fields)
    }

    func write(_ bytes: ByteBuffer) async throws(HTTPError) {
        state.withLock { $0.message = CallOutcome.message(bytes) }
    }

    func finish(trailers: HTTPFields?) async throws(HTTPError) {
        let trailers = trailers ?? HTTPFields()
        let status = trailers.finalStatus
        var (fields, message) = state.withLock { ($0.metadata, $0.message) }
        for (name, value) in CallOutcome.metadata(trailers) { fields.append("trailer-" + name, value) }
        guard status.code == .ok else { return try await Self.fail(status, reply, fields) }
        fields.append("content-type", contentType)
        try await reply.whole(200, fields, message)
    }

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
