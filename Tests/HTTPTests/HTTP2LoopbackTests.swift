import NIOCore
import Testing

@testable import HTTP

@Suite(.timeLimit(.minutes(1))) struct HTTP2LoopbackTests {
    private func head(_ path: String = "/") -> HTTPRequestHead {
        HTTPRequestHead(method: "POST", scheme: "http", authority: "a", path: path)
    }

    private func withClient(
        _ body: (HTTPClient, AsyncStream<EchoHandler.Event>) async throws -> Void
    ) async throws {
        try await withEchoServer { port, group, events in
            let client = try await HTTPClient.connect(host: "127.0.0.1", port: port, group: group)
            try await body(client, events)
            await client.close()
        }
    }

    private func echo(_ sent: [UInt8], _ client: HTTPClient) async throws {
        let stream = try await client.request(head(), endStream: false)
        async let received = read(stream)
        for start in Swift.stride(from: 0, to: sent.count, by: 100_000) {
            try await stream.write(ByteBuffer(bytes: sent[start..<min(start + 100_000, sent.count)]))
        }
        try await stream.finish()
        #expect(try await stream.response().status == 200)
        #expect(try await received == sent)
        #expect(try await stream.trailers()?["x-end"] == "reached")
    }

    private func read(_ stream: HTTPClientStream) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await part in stream.body { bytes += part.readableBytesView }
        return bytes
    }

    @Test(arguments: [0, 1, 100 << 10, 3 << 20]) func `a body comes back whole, with trailers`(size: Int) async throws {
        try await withClient { client, _ in
            try await echo((0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }, client)
        }
    }

    @Test func `a hundred streams at once keep apart`() async throws {
        try await withClient { client, _ in
            try await withThrowingTaskGroup { group in
                for number in 0..<100 {
                    group.addTask { try await echo(Array(repeating: UInt8(number), count: 10_000 + number), client) }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func `a head alone is a whole response`() async throws {
        try await withClient { client, _ in
            let stream = try await client.request(head("/trailers-only"), endStream: true)
            #expect(try await stream.response().fields["grpc-status"] == "5")
            #expect(try await stream.body.next() == nil)
            #expect(try await stream.trailers() == nil)
        }
    }

    @Test func `a reset by the server reaches the client with its code`() async throws {
        try await withClient { client, _ in
            let stream = try await client.request(head("/reset"), endStream: true)
            let error = await #expect(throws: HTTPError.self) { _ = try await stream.response() }
            #expect(error?.streamReset == .enhanceYourCalm)
            #expect(client.isActive)
        }
    }

    @Test func `a reset by the client cancels the handler`() async throws {
        try await withClient { client, events in
            var events = events.makeAsyncIterator()
            let stream = try await client.request(head("/wait"), endStream: false)
            #expect(await events.next() == .waiting)
            stream.reset(.cancel)
            #expect(await events.next() == .cancelled)
            let error = await #expect(throws: HTTPError.self) { _ = try await stream.body.next() }
            #expect(error?.streamReset == .cancel)
            try await echo([1, 2, 3], client)
        }
    }

    @Test func `closing the client ends its streams and their handlers`() async throws {
        try await withClient { client, events in
            var events = events.makeAsyncIterator()
            let stream = try await client.request(head("/wait"), endStream: false)
            #expect(await events.next() == .waiting)
            await client.close()
            #expect(await events.next() == .cancelled)
            #expect(!client.isActive)
            await #expect(throws: HTTPError.self) { _ = try await stream.body.next() }
            await #expect(throws: HTTPError.self) { _ = try await client.request(head(), endStream: true) }
        }
    }

    @Test func `a head over the limit is refused and the connection goes on`() async throws {
        try await withClient { client, _ in
            var large = head()
            for number in 0..<20 { large.fields.append("x-\(number)", String(repeating: "v", count: 1000)) }
            let stream = try await client.request(large, endStream: true)
            let error = await #expect(throws: HTTPError.self) { _ = try await stream.response() }
            #expect(error?.streamReset == .enhanceYourCalm)
            try await echo([1], client)
        }
    }
}
