internal import HTTP
internal import NIOCore

/// How answers over plain HTTP go out: HEAD without a body, long ones compressed where the caller takes that, every
/// one with what a browser has to be told.
struct WebReply: Sendable {
    let request: HTTPServerRequest
    /// Fields of every answer, such as those of CORS.
    let common: HTTPFields
    let limits: WebLimits

    private var isHead: Bool { request.head.method == "HEAD" }
    private var takesGzip: Bool {
        let list = request.head.fields.values(of: "accept-encoding").joined(separator: ",").lowercased()
        return list.split(separator: ",").contains { element in
            let parts = element.split(separator: ";").map { part in String(part.filter { $0 != " " }) }
            return parts.first == "gzip" && !parts.dropFirst().contains { $0 == "q=0" || $0.hasPrefix("q=0.0") }
        }
    }

    /// A whole answer.
    func whole(_ status: Int, _ fields: HTTPFields = HTTPFields(), _ body: ByteBuffer?) async throws(HTTPError) {
        var all = fields
        var body = body
        if let plain = body {
            if takesGzip, plain.readableBytes >= limits.compressionThreshold, all["content-encoding"] == nil {
                body = GzipDeflater.compress(plain)
                all.append("content-encoding", "gzip")
            }
            all.append("vary", "accept, accept-encoding, origin")
            all.append("content-length", "\(body?.readableBytes ?? 0)")
        }
        all.append(contentsOf: common)
        let head = HTTPResponseHead(status: status, fields: all)
        guard let body, body.readableBytes > 0, !isHead else { return try await request.respond(head, endStream: true) }
        try await request.respond(head)
        try await request.write(body)
        try await request.finish(trailers: nil)
    }

    /// The head of an answer that comes bit by bit.
    func start(_ fields: HTTPFields) async throws(HTTPError) {
        var all = fields
        all.append("vary", "accept, origin")
        all.append(contentsOf: common)
        try await request.respond(HTTPResponseHead(status: 200, fields: all), endStream: false)
    }

    /// An error as google.rpc puts it in JSON.
    func failure(_ status: RPCStatus, http: Int? = nil, _ fields: HTTPFields = HTTPFields()) async throws(HTTPError) {
        let code = http ?? status.code.httpStatus
        var all = fields
        all.append("content-type", "application/json")
        if code == 401, all["www-authenticate"] == nil { all.append("www-authenticate", "Bearer") }
        try await whole(code, all, ByteBuffer(string: Self.error(status, http: code).text))
    }

    /// `{"error": {"code", "status", "message"}}`.
    static func error(_ status: RPCStatus, http: Int) -> JSONValue {
        .members([
            (
                "error",
                .members([
                    ("code", .integer(Int64(http))), ("status", .string(status.code.name)),
                    ("message", .string(status.message)),
                ])
            )
        ])
    }
}

extension HTTPFields {
    mutating func append(contentsOf other: HTTPFields) {
        for (name, value) in other { append(name, value) }
    }
}
