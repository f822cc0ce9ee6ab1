import NIOCore
import NIOPosix
import Testing

@testable import HTTP

/// Windows: what nobody reads neither shrinks them for others nor grows them.
@Suite(.timeLimit(.minutes(1))) struct FlowControlTests {
    private func head(_ path: String, _ method: String = "POST") -> HTTPRequestHead {
        HTTPRequestHead(method: method, scheme: "http", authority: "a", path: path)
    }

    private func echo(_ client: HTTPClient) async throws {
        let sent = ByteBuffer(repeating: 5, count: 200_000)
        let stream = try await client.request(head("/"), endStream: false)
        try await stream.write(sent)
        try await stream.finish()
        var received = ByteBuffer()
        for try await part in stream.body { received.writeImmutableBuffer(part) }
        #expect(received == sent)
    }

    @Test func `bodies of requests that are refused do not use a connection up`() async throws {
        try await withEchoServer(limits: .messages) { port, group, _ in
            let client = try await HTTPClient.connect(host: "127.0.0.1", port: port, group: group)
            for _ in 0..<1000 {
                let stream = try await client.request(head("/refuse"), endStream: false)
                try await stream.write(ByteBuffer(repeating: 1, count: 1024))
                try? await stream.finish()
                #expect(try await stream.response().status == 404)
            }
            try await echo(client)
            await client.close()
        }
    }

    @Test func `responses that are let go of do not use a connection up`() async throws {
        var limits = HTTPLimits.client
        limits.streamWindow = 128 << 10
        limits.connectionWindow = 256 << 10
        try await withEchoServer { [limits] port, group, events in
            let client = try await HTTPClient.connect(host: "127.0.0.1", port: port, group: group, limits: limits)
            var events = events.makeAsyncIterator()
            for _ in 0..<20 {
                do {
                    let stream = try await client.request(head("/large", "GET"), endStream: true)
                    _ = try await stream.body.next()
                }
                #expect(await events.next() == .cancelled)
            }
            try await echo(client)
            await client.close()
        }
    }

    @Test func `a request whose task is cancelled before the head is broken off`() async throws {
        try await withEchoServer { port, group, events in
            let client = try await HTTPClient.connect(host: "127.0.0.1", port: port, group: group)
            var events = events.makeAsyncIterator()
            let fetch = Task {
                let stream = try await client.request(head("/silent", "GET"), endStream: true)
                return try await stream.response().status
            }
            #expect(await events.next() == .waiting)
            fetch.cancel()
            await #expect(throws: HTTPError.self) { _ = try await fetch.value }
            #expect(await events.next() == .cancelled)
            try await echo(client)
            await client.close()
        }
    }

    @Test(arguments: ["/silent", "/wait"]) func `a server that says nothing is given up`(path: String) async throws {
        try await withEchoServer { port, group, events in
            let client = try await HTTPClient.connect(host: "127.0.0.1", port: port, group: group)
            var events = events.makeAsyncIterator()
            let patience = HTTPPatience(head: .milliseconds(200), body: .milliseconds(200))
            let stream = try await client.request(head(path, "GET"), endStream: false, patience: patience)
            #expect(await events.next() == .waiting)
            let error = await #expect(throws: HTTPError.self) {
                _ = try await stream.response()
                while try await stream.body.next() != nil {}
            }
            #expect(error?.kind == .timedOut)
            #expect(await events.next() == .cancelled)
            #expect(client.isActive)
            await client.close()
        }
    }

    @Test func `a handler that returns without an answer ends its stream`() async throws {
        try await withEchoServer { port, group, _ in
            let client = try await HTTPClient.connect(host: "127.0.0.1", port: port, group: group)
            let stream = try await client.request(head("/forgotten"), endStream: true)
            let error = await #expect(throws: HTTPError.self) { _ = try await stream.response() }
            #expect(error?.streamReset == .internalError)
            await client.close()
        }
    }

    // MARK: Frames

    private func frame(_ type: UInt8, _ flags: UInt8, _ stream: UInt8, _ payload: [UInt8] = []) -> [UInt8] {
        let count = payload.count
        return [UInt8(count >> 16), UInt8(count >> 8 & 255), UInt8(count & 255), type, flags, 0, 0, 0, stream] + payload
    }

    private let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    /// POST, http, /, from HPACK's static table.
    private let post: [UInt8] = [0x83, 0x86, 0x84, 0x01, 0x01, 0x61]

    @Test func `padding does not give a window back that payload has used`() throws {
        let session = try HTTP2Session(isServer: true, limits: HTTPLimits())
        _ = try session.receive(ByteBuffer(bytes: preface + frame(4, 0, 0) + frame(1, 4, 1, post)))
        let padded = ByteBuffer(bytes: frame(0, 8, 1, [200] + Array(repeating: 1, count: 400)))
        var payload = 0
        var isReset = false
        for _ in 0..<10_000 where !isReset {
            for event in try session.receive(padded) {
                if case .body(_, let bytes) = event { payload += bytes.readableBytes }
            }
            _ = session.takeOutput(limit: 1 << 20)
            for event in session.takeEvents() {
                if case .closed(1, .flowControlError) = event { isReset = true }
            }
        }
        #expect(isReset)
        #expect(payload <= Int(HTTPLimits().streamWindow))
    }

    @Test func `frames that wait for a peer which does not read are bounded`() throws {
        var limits = HTTPLimits()
        limits.floods.queuedFrames = 100
        let session = try HTTP2Session(isServer: true, limits: limits)
        // Each SETTINGS is answered.
        let many = ByteBuffer(bytes: (0..<60).flatMap { _ in frame(4, 0, 0) })
        _ = try session.receive(ByteBuffer(bytes: preface + Array(many.readableBytesView)))
        _ = session.takeOutput(limit: 1 << 20)
        _ = try session.receive(many)
        let error = #expect(throws: HTTPError.self) { _ = try session.receive(many) }
        #expect(error?.code == .enhanceYourCalm && error?.message == "the peer does not read")
    }

    @Test(arguments: ["100", "103"]) func `interim responses are not the response`(interim: String) throws {
        let session = try HTTP2Session(isServer: false, limits: HTTPLimits())
        let stream = try session.submitRequest(head("/"), endStream: true)
        #expect(stream == 1)
        _ = session.takeOutput(limit: 1 << 20)
        let early = frame(1, 4, 1, [0x08, 3] + Array(interim.utf8))
        let trailers = frame(1, 5, 1, [0x00, 1, 0x61, 1, 0x62])
        let sent = frame(4, 0, 0) + early + early + frame(1, 4, 1, [0x88]) + frame(0, 0, 1, [1, 2]) + trailers
        var said: [String] = []
        for event in try session.receive(ByteBuffer(bytes: sent)) {
            switch event {
            case .head(_, let fields, _): said.append(fields[":status"] ?? "")
            case .body(_, let bytes): said.append("\(bytes.readableBytes) bytes")
            case .trailers(_, let fields): said.append("a: \(fields["a"] ?? "")")
            default: break
            }
        }
        #expect(said == [interim, interim, "200", "2 bytes", "a: b"])
    }

    @Test func `spaces around a value do not lose a request`() throws {
        let session = try HTTP2Session(isServer: true, limits: HTTPLimits())
        let field: [UInt8] = [0x00, 1, 0x61, 3] + Array(" b ".utf8)
        let sent = preface + frame(4, 0, 0) + frame(1, 5, 1, post + field)
        let events = try session.receive(ByteBuffer(bytes: sent))
        guard case .head(1, let fields, true)? = events.first else {
            Issue.record("no head")
            return
        }
        #expect(fields["a"] == " b ")
    }
}
