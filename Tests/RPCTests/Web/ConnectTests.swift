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

    @Test func `responses are compressed for those who take it, as frames with a flag`() async throws {
        try await WebLoopback.run { web async throws in
            let request = CallOutcome.frame(flag: 0, ByteBuffer(string: "zip"))
            for (type, accept, encoding, last) in [
                ("application/connect+proto", "connect-accept-encoding", "connect-content-encoding", UInt8(2)),
                ("application/grpc-web+proto", "grpc-accept-encoding", "grpc-encoding", 0x80),
            ] {
                let plain = try await web.send("POST", EchoService.expand.path, [("content-type", type)], body: request)
                #expect(plain.fields[encoding] == nil)
                #expect(frames(plain.body).map(\.flag) == [0, 0, 0, last])
                let fields = [("content-type", type), (accept, "br, gzip")]
                let packed = try await web.send("POST", EchoService.expand.path, fields, body: request)
                #expect(packed.fields[encoding] == "gzip")
                var body = packed.body
                var texts: [String] = []
                for _ in 0..<3 {
                    let flag = body.readInteger(as: UInt8.self)
                    #expect(flag == 1)
                    let length = body.readInteger(as: UInt32.self).map { Int($0) } ?? 0
                    let part = body.readSlice(length: length) ?? ByteBuffer()
                    texts.append(String(buffer: try GzipInflater.decompress(part, limits: RPCLimits())))
                }
                #expect(texts == ["z", "i", "p"])
                #expect(frames(body).map(\.flag) == [last])
            }
        }
    }

    @Test func `a unary body that is too large, or in an unknown encoding, is refused`() async throws {
        var limits = RPCLimits()
        limits.maximumReceivedMessageBytes = 1000
        try await WebLoopback.run(limits: limits) { web async throws in
            let large = ByteBuffer(repeating: UInt8(ascii: "x"), count: 1001)
            let refused = try await web.send("POST", EchoService.unary.path, proto, body: large)
            #expect(refused.status == 429 && refused.text.contains("resource_exhausted"))
            let bomb = GzipDeflater.compress(ByteBuffer(repeating: UInt8(ascii: "x"), count: 100_000))
            let packed = try await web.send(
                "POST",
                EchoService.unary.path,
                proto + [("content-encoding", "gzip")],
                body: bomb
            )
            #expect(packed.status == 429 && packed.text.contains("resource_exhausted"))
            let unknown = try await web.send(
                "POST",
                EchoService.unary.path,
                proto + [("content-encoding", "br")],
                body: ByteBuffer(string: "a")
            )
            #expect(unknown.status == 501 && unknown.text.contains("unimplemented") && unknown.text.contains("gzip"))
            let whole = ByteBuffer(repeating: UInt8(ascii: "x"), count: 1000)
            #expect(try await web.send("POST", EchoService.unary.path, proto, body: whole).status == 200)
        }
    }

    @Test func `details of an error are told with their types and bytes`() async throws {
        try await WebLoopback.run { web async throws in
            let answer = try await web.send("POST", EchoService.unary.path, json: #""detailed""#)
            #expect(answer.status == 404)
            let expected =
                #"{"code":"not_found","message":"no","details":["#
                + #"{"type":"google.protobuf.StringValue","value":"CgNhYmM"},{"type":"test.Nothing","value":""}]}"#
            #expect(answer.text == expected)
        }
    }

    @Test func `metadata that repeats, and binary metadata, keep their values and order`() async throws {
        try await WebLoopback.run { web async throws in
            let sent = [("x-note", "one"), ("x-note", "two"), ("x-raw-bin", "q6s="), ("x-raw-bin", "AQ")]
            let unary = try await web.send("POST", EchoService.unary.path, sent, json: #""metadata""#)
            #expect(unary.fields.values(of: "x-note") == ["one", "two"])
            #expect(unary.fields.values(of: "x-raw-bin") == ["q6s", "AQ"])
            #expect(unary.fields.values(of: "trailer-x-note") == ["one", "two"])
            #expect(unary.fields.values(of: "trailer-x-raw-bin") == ["q6s", "AQ"])
            let request = CallOutcome.frame(flag: 0, ByteBuffer(string: "metadata"))
            let type = [("content-type", "application/grpc-web+proto")]
            let web = try await web.send("POST", EchoService.unary.path, type + sent, body: request)
            #expect(web.fields.values(of: "x-note") == ["one", "two"])
            let last = try #require(frames(web.body).last)
            #expect(last.text.contains("x-note: one\r\nx-note: two\r\nx-raw-bin: q6s\r\nx-raw-bin: AQ\r\n"))
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
