import HTTP
import NIOCore
import NIOPosix
import Testing
import Transport

/// Our client against our server over loopback; other people's clients are in Interop.
@Suite struct LoopbackTests {
    private struct Echo: HTTPRequestHandler {
        func handle(_ request: HTTPServerRequest) async {
            do {
                if request.head.path == "/empty" {
                    return try await request.respond(HTTPResponseHead(status: 204), endStream: true)
                }
                if request.head.path == "/reset" { return request.reset(.enhanceYourCalm) }
                try await request.respond(HTTPResponseHead(status: 200))
                for try await bytes in request.body { try await request.write(bytes) }
                var trailers = HTTPFields()
                trailers.append("x-end", request.head.method)
                try await request.finish(trailers: trailers)
            } catch {
                request.reset(.internalError)
            }
        }
    }

    private func withServer(_ body: (HTTPClient) async throws -> Void) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let listener = try await Listener.bind(
            ListenerConfiguration(host: "127.0.0.1", port: 0),
            group: group,
            handlers: ListenerHandlers(http2: { HTTPServer.installHTTP2(on: $0, handler: Echo()) })
        )
        let client = try await HTTPClient.connect(
            host: "127.0.0.1",
            port: try #require(listener.localAddress.port),
            group: group
        )
        try await body(client)
        await client.close()
        await listener.close()
    }

    private func head(_ path: String) -> HTTPRequestHead {
        HTTPRequestHead(method: "POST", scheme: "http", authority: "test", path: path)
    }

    @Test(arguments: [0, 1, 100_000, 3_000_000])
    func `a body comes back whole through flow control, with trailers behind it`(size: Int) async throws {
        try await withServer { client in
            let stream = try await client.request(head("/echo"), endStream: false)
            async let written: Void = write(size, to: stream)
            #expect(try await stream.response().status == 200)
            var received = 0
            for try await bytes in stream.body { received += bytes.readableBytes }
            try await written
            #expect(received == size)
            #expect(try await stream.trailers()?["x-end"] == "POST")
        }
    }

    private func write(_ size: Int, to stream: HTTPClientStream) async throws {
        var left = size
        while left > 0 {
            let count = min(left, 70_000)
            try await stream.write(ByteBuffer(repeating: 7, count: count))
            left -= count
        }
        try await stream.finish()
    }

    @Test func `a head alone can be the whole response`() async throws {
        try await withServer { client in
            let stream = try await client.request(head("/empty"), endStream: true)
            #expect(try await stream.response().status == 204)
            #expect(try await stream.body.next() == nil)
        }
    }

    @Test func `a reset by the server reaches the client with its code`() async throws {
        try await withServer { client in
            let stream = try await client.request(head("/reset"), endStream: true)
            await #expect {
                _ = try await stream.response()
            } throws: { error in
                (error as? HTTPError)?.streamReset == .enhanceYourCalm
            }
        }
    }

    @Test func `a hundred streams at once do not disturb each other`() async throws {
        try await withServer { client in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 1...100 {
                    group.addTask {
                        let stream = try await client.request(head("/echo"), endStream: false)
                        try await stream.write(ByteBuffer(repeating: UInt8(number), count: 1000))
                        try await stream.finish()
                        var whole = ByteBuffer()
                        for try await var bytes in stream.body { whole.writeBuffer(&bytes) }
                        return whole == ByteBuffer(repeating: UInt8(number), count: 1000)
                    }
                }
                for try await isSame in group { #expect(isSame) }
            }
        }
    }
}
