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
            case "/refuse": try await request.respond(HTTPResponseHead(status: 404), endStream: true)
            case "/silent":
                events.yield(.waiting)
                await waitForCancellation()
                events.yield(.cancelled)
            case "/forgotten": return
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

    private func waitForCancellation() async {
        let (never, continuation) = AsyncStream.makeStream(of: Void.self)
        defer { continuation.finish() }
        for await _ in never {}
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

/// Runs `body` against a listener on a port of the kernel's choice; `closed` hears of the end of each HTTP/2 connection.
func withEchoServer(
    limits: HTTPLimits = HTTPLimits(),
    buffers: SocketBuffers = SocketBuffers(),
    closed: (@Sendable () -> Void)? = nil,
    _ body: (_ port: Int, _ group: any EventLoopGroup, _ events: AsyncStream<EchoHandler.Event>) async throws -> Void
) async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    let (events, continuation) = AsyncStream.makeStream(of: EchoHandler.Event.self)
    let handler = EchoHandler(events: continuation)
    var configuration = ListenerConfiguration(host: "127.0.0.1", port: 0)
    configuration.buffers = buffers
    let listener = try await Listener.bind(
        configuration,
        group: group,
        handlers: ListenerHandlers(
            http2: { channel in
                if let closed { channel.closeFuture.whenComplete { _ in closed() } }
                return HTTPServer.installHTTP2(on: channel, handler: handler, limits: limits)
            },
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
