internal import HTTP
internal import NIOCore

/// A streaming call of the Connect protocol: gRPC's frames, with a last one that holds status and metadata as JSON.
struct ConnectStreamWire: WebWire {
    /// The flag of the last frame.
    private static let endStreamFlag: UInt8 = 2

    let reply: WebReply
    /// Such as `application/connect+json`.
    let contentType: String

    func receive() async throws(CallWireError) -> ByteBuffer? { try await reply.request.receive() }

    func respond(_ head: HTTPResponseHead, endStream: Bool) async throws(HTTPError) {
        var fields = endStream ? HTTPFields() : CallOutcome.metadata(head.fields)
        fields.append("content-type", contentType)
        fields.append("connect-accept-encoding", MessageEncoding.gzip.rawValue)
        if let encoding = head.fields["grpc-encoding"] { fields.append("connect-content-encoding", encoding) }
        try await reply.start(fields)
        if endStream { try await finish(trailers: head.fields) }
    }

    func write(_ bytes: ByteBuffer) async throws(HTTPError) { try await reply.request.write(bytes) }

    func finish(trailers: HTTPFields?) async throws(HTTPError) {
        let trailers = trailers ?? HTTPFields()
        let status = trailers.finalStatus
        var members: [(String, JSONValue)] = []
        if status.code != .ok { members.append(("error", ConnectError.json(status))) }
        var metadata = JSONValue.object([])
        for (name, value) in CallOutcome.metadata(trailers) {
            // Every value of a name goes into its list, so there is nothing this can refuse.
            _ = metadata.set(.string(value), at: [name], appending: true)
        }
        if metadata != .object([]) { members.append(("metadata", metadata)) }
        let payload = ByteBuffer(string: JSONValue.members(members).text)
        try await reply.request.write(CallOutcome.frame(flag: Self.endStreamFlag, payload))
        try await reply.request.finish(trailers: nil)
    }
}
