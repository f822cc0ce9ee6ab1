import NIOCore
import NIOPosix
import Transport

@testable import HTTP

/// Answers by path; what its requests did is told in `events`.
struct EchoHandler: HTTPRequestHandler {
    enum Event: Sendable { case waiting, cancelled, answered }
    /// The answer of "/large", in bytes: more than a socket takes. "/larger" is ten
    /// times that.
    static let largeAnswer = 12_000_000

    let events: AsyncStream<Event>.Continuation

    func handle(_ request: HTTPServerRequest) async {
        do {
            switch request.head.path {
            case "/trailers-only":
                var head = HTTPResponseHead(status: 200)
                head.fields.append("grpc-status", "5")
                try await request.respond(head, endStream: true)
            case "/reset": request.reset(.enhanceYourCalm)
            case "/wait":
                try await request.respond(HTTPResponseHead(status: 200))
                events.yield(.waiting)
                do { while try await request.body.next() != nil {} } catch {}
                events.yield(.cancelled)
            case "/large", "/larger":
                try await request.respond(HTTPResponseHead(status: 200))
                for _ in 1...(request.head.path == "/large" ? 1 : 10) {
                    try await request.write(ByteBuffer(repeating: UInt8(ascii: "x"), count: Self.largeAnswer))
                }
                try await request.finish(trailers: nil)
                events.yield(.answered)
            default: try await echo(request)
            }
        } catch {
            events.yield(.cancelled)
            request.reset(.internalError)
        }
    }

    private func echo(_ request: HTTPServerRequest) async throws {
        var head = HTTPResponseHead(status: 200)
        head.fields.append("x-method", request.head.method)
        try await request.respond(head)
        for try await bytes in request.body { try await request.write(bytes) }
        var trailers = HTTPFields()
        trailers.append("x-end", "reached")
        try await request.finish(trailers: trailers)
    }
}

/// Runs `body` against a listener on a port of the kernel's choice.
func withEchoServer(
    limits: HTTPLimits = HTTPLimits(),
    _ body: (_ port: Int, _ group: any EventLoopGroup, _ events: AsyncStream<EchoHandler.Event>) async throws -> Void
) async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    let (events, continuation) = AsyncStream.makeStream(of: EchoHandler.Event.self)
    let handler = EchoHandler(events: continuation)
    let listener = try await Listener.bind(
        ListenerConfiguration(host: "127.0.0.1", port: 0),
        group: group,
        handlers: ListenerHandlers(
            http2: { HTTPServer.installHTTP2(on: $0, handler: handler, limits: limits) },
            http1: { HTTPServer.installHTTP1(on: $0, handler: handler, limits: limits) }
        )
    )
    let result: Result<Void, any Error>
    do { result = .success(try await body(listener.localAddress.port ?? 0, group, events)) } catch {
        result = .failure(error)
    }
    await listener.close()
    try await group.shutdownGracefully()
    try result.get()
}
