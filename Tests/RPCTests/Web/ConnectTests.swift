import HTTP
import NIOCore
import Testing

@testable import RPC

/// The Connect protocol and gRPC-Web, as bytes.
struct ConnectTests {
    private let proto = [("content-type", "application/proto")]

    private func frames(_ body: ByteBuffer) -> [(flag: UInt8, text: String)] {
        var body = body
        var frames: [(UInt8, String)] = []
        while let flag = body.readInteger(as: UInt8.self), let length = body.readInteger(as: UInt32.self) {
            frames.append((flag, body.readString(length: Int(length)) ?? "cut off"))
        }
        return frames
    }

    @Test func `a unary call is a body each way`() async throws {
        try await WebLoopback.run { web async throws in
            let json = try await web.send("POST", EchoService.unary.path, json: #""hello""#)
            #expect(json.status == 200 && json.text == #""hello""#)
            #expect(json.fields["content-type"] == "application/json")
            let binary = try await web.send("POST", EchoService.unary.path, proto, body: ByteBuffer(string: "hello"))
            #expect(binary.text == "hello" && binary.fields["content-type"] == "application/proto")
            let packed = GzipDeflater.compress(ByteBuffer(string: "packed"))
            let gzip = proto + [("content-encoding", "gzip")]
            #expect(try await web.send("POST", EchoService.unary.path, gzip, body: packed).text == "packed")
        }
    }

    @Test func `metadata goes out as headers, that of the end with a prefix`() async throws {
        try await WebLoopback.run { web async throws in
            let answer = try await web.send("POST", EchoService.unary.path, [("x-note", "hi")], json: #""metadata""#)
            #expect(answer.fields["x-note"] == "hi")
            #expect(answer.fields["trailer-x-note"] == "hi")
        }
    }

    @Test func `an error is an HTTP status and JSON`() async throws {
        try await WebLoopback.run { web async throws in
            let answer = try await web.send("POST", EchoService.unary.path, json: #""fail""#)
            #expect(answer.status == 409)
            let json = try JSONParser.parse(answer.text)
            #expect(json["code"] == .string("aborted"))
            #expect(json["message"] == .string("bäd %25 ☺"))
            #expect(try await web.send("POST", EchoService.unary.path, json: "{").status == 400)
            #expect(try await web.send("POST", EchoService.unary.path, [("content-type", "text/plain")]).status == 415)
            let timeout = try await web.send(
                "POST",
                EchoService.unary.path,
                [("connect-timeout-ms", "1")],
                json: #""wait""#
            )
            #expect(timeout.status == 504 && timeout.text.contains("deadline_exceeded"))
            let wrong = try await web.send(
                "POST",
                EchoService.unary.path,
                [("connect-timeout-ms", "soon")],
                json: #""a""#
            )
            #expect(wrong.status == 400)
        }
    }

    @Test func `a stream ends with a frame of its own`() async throws {
        try await WebLoopback.run { web async throws in
            let fields = [("content-type", "application/connect+proto")]
            let request = CallOutcome.frame(flag: 0, ByteBuffer(string: "ab!"))
            let answer = try await web.send("POST", EchoService.expand.path, fields, body: request)
            #expect(answer.status == 200 && answer.fields["content-type"] == "application/connect+proto")
            let got = frames(answer.body)
            #expect(got.map(\.flag) == [0, 0, 0, 2])
            #expect(got.prefix(3).map(\.text) == ["a", "b", "!"])
            #expect(got.last?.text == #"{"error":{"code":"data_loss","message":"no more"}}"#)
            var chat = CallOutcome.frame(flag: 0, ByteBuffer(string: #""one""#))
            chat.writeImmutableBuffer(CallOutcome.frame(flag: 0, ByteBuffer(string: #""two""#)))
            let json = [("content-type", "application/connect+json")]
            let echoed = frames(try await web.send("POST", EchoService.chat.path, json, body: chat).body)
            #expect(echoed.map(\.text) == [#""one""#, #""two""#, "{}"])
        }
    }

    @Test func `a compressed frame is read`() async throws {
        try await WebLoopback.run { web async throws in
            let fields = [("content-type", "application/connect+proto"), ("connect-content-encoding", "gzip")]
            let request = CallOutcome.frame(flag: 1, GzipDeflater.compress(ByteBuffer(string: "a")))
            let got = frames(try await web.send("POST", EchoService.expand.path, fields, body: request).body)
            #expect(got.map(\.text) == ["a", "{}"])
            let unknown = [("content-type", "application/connect+proto"), ("connect-content-encoding", "br")]
            let refused = frames(try await web.send("POST", EchoService.expand.path, unknown, body: request).body)
            #expect(refused.last?.text.contains("unimplemented") == true)
        }
    }

    @Test func `gRPC-Web has its trailers in the body`() async throws {
        try await WebLoopback.run { web async throws in
            let fields = [("content-type", "application/grpc-web+proto")]
            let request = CallOutcome.frame(flag: 0, ByteBuffer(string: "ab"))
            let answer = try await web.send("POST", EchoService.expand.path, fields, body: request)
            let got = frames(answer.body)
            #expect(got.map(\.flag) == [0, 0, 0x80])
            #expect(got.last?.text == "grpc-status: 0\r\n")
            let failing = CallOutcome.frame(flag: 0, ByteBuffer(string: "fail"))
            let failed = frames(try await web.send("POST", EchoService.unary.path, fields, body: failing).body)
            #expect(failed.map(\.flag) == [0x80])
            #expect(failed[0].text.hasPrefix("grpc-status: 10\r\ngrpc-message: b%C3%A4d %2525"))
        }
    }

    @Test func `gRPC-Web's text form is base64 with padding wherever a part ends`() async throws {
        try await WebLoopback.run { web async throws in
            let fields = [("content-type", "application/grpc-web-text")]
            // The frame of "ab", cut after four bytes: two encodings behind each other.
            let body = ByteBuffer(string: "AAAAAA==" + "AmFi")
            let answer = try await web.send("POST", EchoService.unary.path, fields, body: body)
            #expect(answer.fields["content-type"] == "application/grpc-web-text+proto")
            let decoded = answer.text.split(separator: "=", omittingEmptySubsequences: true)
                .compactMap { Base64.decode($0) }.flatMap { $0 }
            #expect(frames(ByteBuffer(bytes: decoded)).first?.text == "ab")
            let broken = try await web.send("POST", EchoService.unary.path, fields, body: ByteBuffer(string: "A*=="))
            #expect(
                Base64.decode(broken.text).map { String(decoding: $0, as: UTF8.self).contains("grpc-status: 13") }
                    == true
            )
        }
    }

    @Test func `an unknown method says so in each protocol`() async throws {
        try await WebLoopback.run { web async throws in
            #expect(try await web.send("POST", "/test.Echo/Nothing", json: "{}").status == 404)
            let stream = try await web.send(
                "POST",
                "/test.Echo/Nothing",
                [("content-type", "application/connect+json")]
            )
            #expect(stream.status == 200 && frames(stream.body).last?.text.contains("unimplemented") == true)
            let last = try await web.send("POST", "/test.Echo/Nothing", [("content-type", "application/grpc-web")])
            #expect(frames(last.body).last?.text.contains("grpc-status: 12") == true)
        }
    }
}
