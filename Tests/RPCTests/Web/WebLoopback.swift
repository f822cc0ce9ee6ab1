import HTTP
import Logging
import NIOCore
import NIOPosix
import Synchronization

@testable import RPC

/// Serves the echo service by every protocol, and takes requests as HTTP has them.
struct WebLoopback: Sendable {
    /// An answer, read whole.
    struct Answer: Sendable {
        let status: Int
        let fields: HTTPFields
        let body: ByteBuffer
        var text: String { String(buffer: body) }
    }
    private let http: HTTPClient

    static let routes = [
        HTTPRoute(
            method: "POST",
            template: "/v1/texts",
            body: .field("text"),
            parameters: [HTTPRoute.Parameter(["validateOnly"], isBoolean: true)],
            rpc: Note.echo.path
        ),
        HTTPRoute(
            method: "GET",
            template: "/v1/texts/{name}",
            responseField: "inner",
            parameters: [HTTPRoute.Parameter(["tags"], isRepeated: true), HTTPRoute.Parameter(["inner", "pageSize"])],
            rpc: Note.echo.path
        ),
        HTTPRoute(method: "POST", template: "/v1/texts/{name}:shout", body: .whole, rpc: Note.echo.path),
        HTTPRoute(method: "GET", template: "/v1/texts/{name}:watch", rpc: Note.watch.path),
    ]

    /// Gives `body` a server with `options` and `interceptor`; it is gone afterwards.
    static func run(
        allowedOrigins: [String] = [],
        limits: RPCLimits = RPCLimits(),
        interceptor: RPCInterceptor? = nil,
        _ body: (WebLoopback) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let server = RPCServer(
            services: [NoteService(), EchoService()],
            limits: limits,
            interceptor: interceptor,
            web: WebOptions(
                routes: routes,
                documents: ["/openapi.json": WebDocument(contentType: "application/json", text: "{}")],
                allowedOrigins: allowedOrigins
            ),
            logger: Logger(label: "test")
        )
        let listener = try await ServerBootstrap(group: group)
            .childChannelInitializer { HTTPServer.installHTTP2(on: $0, handler: server) }
            .bind(host: "127.0.0.1", port: 0).get()
        let http = try await HTTPClient.connect(
            host: "127.0.0.1",
            port: listener.localAddress?.port ?? 0,
            group: group
        )
        do {
            try await body(WebLoopback(http: http))
        } catch {
            await http.close()
            try await listener.close()
            throw error
        }
        await http.close()
        try await listener.close()
    }

    func send(
        _ method: String,
        _ path: String,
        _ fields: [(String, String)] = [],
        body: ByteBuffer? = nil
    ) async throws -> Answer {
        var head = HTTPRequestHead(method: method, scheme: "http", authority: "localhost", path: path)
        for (name, value) in fields { head.fields.append(name, value) }
        if let body { head.fields.append("content-length", "\(body.readableBytes)") }
        let stream = try await http.request(head, endStream: body == nil)
        if let body {
            try await stream.write(body)
            try await stream.finish()
        }
        let response = try await stream.response()
        var whole = ByteBuffer()
        for try await bytes in stream.body { whole.writeImmutableBuffer(bytes) }
        return Answer(status: response.status, fields: response.fields, body: whole)
    }

    func send(
        _ method: String,
        _ path: String,
        _ fields: [(String, String)] = [],
        json: String
    ) async throws -> Answer {
        try await send(
            method,
            path,
            [("content-type", "application/json")] + fields,
            body: ByteBuffer(string: json)
        )
    }
}

/// A message that is any JSON object: what a resource call put together can be looked at.
struct Note: RPCMessage {
    static let fullName = "test.Note"
    static let echo = RPCMethod<Note, Note>(service: "test.Notes", name: "Echo", kind: .unary)
    static let watch = RPCMethod<Note, Note>(service: "test.Notes", name: "Watch", kind: .serverStreaming)
    var json = JSONValue.object([])

    init() {}
    init(json: JSONValue) throws(ProtobufError) {
        _ = try JSONCoding.members(json, Self.fullName)
        self.json = json
    }
    init(protobuf: ByteBuffer) throws(ProtobufError) {
        self.json = try JSONParser.parse(Array(protobuf.readableBytesView))
    }
    func encode(into buffer: inout ByteBuffer) { buffer.writeString(json.text) }
}

/// Echoes notes; one named `missing` is not found, and a watch ends as the name says.
struct NoteService: RPCService {
    static let serviceName = "test.Notes"
    static let fileDescriptors: [[UInt8]] = []

    var handlers: [RPCHandler] {
        [
            .unary(Note.echo) { note, context in
                if note.json["name"] == .string("missing") { throw RPCError(.notFound, "no such note") }
                if note.json["name"] == .string("me") {
                    return try Note(json: .members([("inner", .string(context.metadata.text("authorization") ?? ""))]))
                }
                return note
            },
            .serverStreaming(Note.watch) { note, writer, _ in
                guard note.json["name"] != .string("missing") else { throw RPCError(.notFound, "no such note") }
                for number in 1...2 {
                    try await writer.write(Note(json: .members([("number", .integer(Int64(number)))])))
                }
                if note.json["name"] == .string("broken") { throw RPCError(.dataLoss, "it broke") }
            },
        ]
    }
}
