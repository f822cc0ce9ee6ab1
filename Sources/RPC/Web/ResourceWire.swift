internal import HTTP
internal import NIOCore
internal import Synchronization

/// A method called as a resource: one JSON message in, one JSON message or an error out.
final class ResourceWire: WebWire {
    private struct Response {
        var metadata = HTTPFields()
        var message: ByteBuffer?
        /// Whether the body went over its limit, which HTTP has a status of its own for.
        var isTooLarge = false
    }
    let reply: WebReply
    private let whole: WholeRequest
    private let responseField: String?
    private let state = Mutex(Response())

    /// `body` is nil where the route has none.
    init(_ resource: ResourceRequest, body: WebBody?, responseField: String?, reply: WebReply) {
        self.whole = resource.whole(body)
        self.responseField = responseField
        self.reply = reply
    }

    func receive() async throws(CallWireError) -> ByteBuffer? {
        do throws(CallWireError) {
            return try await whole.take()
        } catch {
            if case .refused(let refusal) = error, refusal.code == .resourceExhausted {
                state.withLock { $0.isTooLarge = true }
            }
            throw error
        }
    }

    func respond(_ head: HTTPResponseHead, endStream: Bool) async throws(HTTPError) {
        state.withLock { $0.metadata = CallOutcome.metadata(head.fields) }
        if endStream { try await end(head.fields) }
    }

    func write(_ bytes: ByteBuffer) async throws(HTTPError) {
        state.withLock { $0.message = CallOutcome.message(bytes) }
    }

    func finish(trailers: HTTPFields?) async throws(HTTPError) {
        let trailers = trailers ?? HTTPFields()
        state.withLock { $0.metadata.append(contentsOf: CallOutcome.metadata(trailers)) }
        try await end(trailers)
    }

    private func end(_ trailers: HTTPFields) async throws(HTTPError) {
        let status = trailers.finalStatus
        var (fields, message) = state.withLock { ($0.metadata, $0.message) }
        guard status.code == .ok else {
            return try await reply.failure(status, http: state.withLock { $0.isTooLarge } ? 413 : nil, fields)
        }
        fields.append("content-type", "application/json")
        try await reply.whole(200, fields, responseField.flatMap { Self.member($0, of: message) } ?? message)
    }

    /// The text of one member of the answer; `{}` where the answer has none.
    private static func member(_ name: String, of message: ByteBuffer?) -> ByteBuffer? {
        guard let message, let whole = try? JSONParser.parse(Array(message.readableBytesView)) else { return nil }
        return ByteBuffer(string: (whole[name] ?? .object([])).text)
    }
}

extension ResourceRequest {
    /// The request as the one message that gRPC would have sent.
    func whole(_ body: WebBody?) -> WholeRequest {
        WholeRequest { () async throws(CallWireError) in try await frame(body) }
    }

    private func frame(_ body: WebBody?) async throws(CallWireError) -> ByteBuffer {
        var bytes: [UInt8] = []
        if let body { bytes = Array(try await body.read().readableBytesView) }
        do throws(RPCError) {
            return CallOutcome.frame(flag: 0, ByteBuffer(string: try json(body: bytes).text))
        } catch {
            throw .refused(error)
        }
    }
}
