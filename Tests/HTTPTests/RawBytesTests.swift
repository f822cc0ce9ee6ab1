import NIOCore
import NIOPosix
import Testing

@testable import HTTP

/// Bytes as a client may send them, without our own client between.
@Suite(.timeLimit(.minutes(1))) struct RawBytesTests {
    /// What the server says until it closes the connection.
    private func answer(to sent: ByteBuffer) async throws -> [UInt8] {
        var received: [UInt8] = []
        try await withEchoServer { port, group, _ in
            let (channel, stream) = try await RawClient.connect(port: port, group: group)
            channel.writeAndFlush(sent, promise: nil)
            for await bytes in stream { received += bytes.readableBytesView }
        }
        return received
    }

    private func text(_ sent: String) async throws -> String {
        String(decoding: try await answer(to: ByteBuffer(string: sent)), as: UTF8.self)
    }

    private var preface: [UInt8] { Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + RawClient.frame(4, 0, 0) }

    /// POST, http, /, from HPACK's static table.
    private let head: [UInt8] = [0x83, 0x86, 0x84, 0x01, 0x01, 0x61]

    @Test func `a kept connection answers one request after the other`() async throws {
        let said = try await text(
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\none"
                + "POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
                + "4\r\nfour\r\n1\r\n!\r\n0\r\n\r\n"
        )
        #expect(said.split(separator: "HTTP/1.1 200").count == 2)
        #expect(said.contains("one"))
        #expect(said.contains("four"))
        #expect(said.contains("x-end: reached"))
        #expect(said.contains("connection: close"))
    }

    @Test func `bodies that nobody reads do not stop a kept connection`() async throws {
        var limits = HTTPLimits()
        limits.streamWindow = 16_384
        let request = "POST /refuse HTTP/1.1\r\nhost: a\r\ncontent-length: 500\r\n\r\n"
        let refused = ByteBuffer(string: request + String(repeating: "x", count: 500))
        try await withEchoServer(limits: limits) { port, group, _ in
            let (channel, stream) = try await RawClient.connect(port: port, group: group)
            var answers = stream.makeAsyncIterator()
            for _ in 0..<200 {
                try await channel.writeAndFlush(refused)
                var said = ""
                while !said.hasSuffix("\r\n\r\n"), let bytes = await answers.next() { said += String(buffer: bytes) }
                try #require(said.hasPrefix("HTTP/1.1 404"))
            }
            try await channel.close()
        }
    }

    @Test func `HTTP 1.0 is kept where it asks for it and the answer says its length`() async throws {
        let kept = "GET /trailers-only HTTP/1.0\r\nconnection: keep-alive\r\n\r\n"
        let said = try await text(kept + kept + "GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n")
        #expect(said.split(separator: "HTTP/1.0 200").count == 3)
        #expect(said.split(separator: "connection: keep-alive").count == 3)
        #expect(said.contains("connection: close"))
    }

    @Test func `a response to HEAD has no body`() async throws {
        let said = try await text("HEAD / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        #expect(said.hasPrefix("HTTP/1.1 200"))
        #expect(said.contains("x-method: HEAD"))
        #expect(said.hasSuffix("\r\n\r\n"))
    }

    @Test func `what is no request is answered with 400`() async throws {
        #expect(try await text("GET nonsense\r\n\r\n").hasPrefix("HTTP/1.1 400"))
    }

    @Test func `bytes of no known protocol close the connection`() async throws {
        #expect(try await text("hello").isEmpty)
    }

    @Test func `a flood of empty frames ends the connection`() async throws {
        var sent = ByteBuffer(bytes: preface + RawClient.frame(1, 4, 1, head))
        for _ in 0..<100 { sent.writeBytes(RawClient.frame(0, 0, 1)) }
        _ = try await answer(to: sent)
        let session = try HTTP2Session(isServer: true, limits: HTTPLimits())
        let error = #expect(throws: HTTPError.self) { _ = try session.receive(sent) }
        #expect(error?.code == .enhanceYourCalm)
    }

    @Test func `a bomb of header fields ends the connection`() async throws {
        // One long field into the dynamic table, then named by one byte each, over and over.
        let long: [UInt8] = [0x40, 0x01, 0x62, 0x7F, 0xA1, 0x1E] + Array(repeating: 0x63, count: 4000)
        let bomb = head + long + Array(repeating: UInt8(0xBE), count: 10_000)
        _ = try await answer(to: ByteBuffer(bytes: preface + RawClient.frame(1, 4, 1, bomb)))
    }
}
