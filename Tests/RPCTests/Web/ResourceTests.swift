import HTTP
import NIOCore
import Testing

@testable import RPC

/// Methods called as resources in JSON.
struct ResourceTests {
    @Test func `path, query and body make one request`() async throws {
        try await WebLoopback.run { web async throws in
            let created = try await web.send("POST", "/v1/texts?validate_only=true", json: #"{"size": "5"}"#)
            #expect(created.status == 200)
            #expect(created.fields["content-type"] == "application/json")
            #expect(created.text == #"{"validateOnly":true,"text":{"size":"5"}}"#)
            let shouted = try await web.send("POST", "/v1/texts/a%2Fb:shout", json: #"{"loud": true}"#)
            #expect(shouted.text == #"{"name":"a/b","loud":true}"#)
            // A colon that is no verb is part of the name; the answer is the one field that the route names.
            let got = try await web.send("GET", "/v1/texts/10.0.0.1:80?tags=x&tags=y+z&inner.pageSize=7")
            #expect(got.text == #"{"pageSize":"7"}"#)
        }
    }

    @Test(arguments: [
        ("GET", "/v1/texts/missing", "", 404, "NOT_FOUND"), ("GET", "/v1/texts/a?what=1", "", 400, "INVALID_ARGUMENT"),
        ("GET", "/v1/texts/%ff", "", 400, "INVALID_ARGUMENT"), ("GET", "/v1/texts/%0", "", 400, "INVALID_ARGUMENT"),
        ("GET", "/v1/texts/a%00", "", 400, "INVALID_ARGUMENT"), ("POST", "/v1/texts", "{", 400, "INVALID_ARGUMENT"),
        ("POST", "/v1/texts?validateOnly=maybe", "{}", 400, "INVALID_ARGUMENT"),
        ("POST", "/v1/texts/a:shout", #"{"name":"b"}"#, 400, "INVALID_ARGUMENT"),
        ("GET", "/v1/nothing", "", 404, "NOT_FOUND"), ("GET", "/v1/texts/missing:watch", "", 404, "NOT_FOUND"),
        ("DELETE", "/v1/texts/a", "", 405, "UNIMPLEMENTED"), ("PUT", "/v1/texts", "{}", 405, "UNIMPLEMENTED"),
    ])
    func `what goes wrong is an error in JSON`(
        method: String,
        path: String,
        body: String,
        status: Int,
        code: String
    ) async throws {
        try await WebLoopback.run { web async throws in
            let answer = body.isEmpty ? try await web.send(method, path) : try await web.send(method, path, json: body)
            let error = try JSONParser.parse(answer.text)["error"]
            #expect(answer.status == status)
            #expect(error?["status"] == .string(code))
            #expect(error?["code"] == .integer(Int64(status)))
            #expect(answer.fields["content-type"] == "application/json")
            if status == 405 { #expect(answer.fields["allow"]?.contains("OPTIONS") == true) }
        }
    }

    @Test func `HEAD has the length and no body, OPTIONS tells the methods`() async throws {
        try await WebLoopback.run { web async throws in
            let head = try await web.send("HEAD", "/v1/texts/a?inner.pageSize=7")
            #expect(head.status == 200 && head.fields["content-length"] == "16" && head.body.readableBytes == 0)
            let options = try await web.send("OPTIONS", "/v1/texts/a")
            #expect(options.status == 204 && options.fields["allow"] == "GET, HEAD, OPTIONS")
            #expect(try await web.send("GET", "/openapi.json").text == "{}")
        }
    }

    @Test func `only JSON, plain or gzip, comes in, and only what is asked for goes out`() async throws {
        try await WebLoopback.run { web async throws in
            let form = [("content-type", "application/x-www-form-urlencoded")]
            #expect(try await web.send("POST", "/v1/texts", form, body: ByteBuffer(string: "{}")).status == 415)
            let brotli = [("content-encoding", "br")]
            #expect(try await web.send("POST", "/v1/texts", brotli, json: "{}").status == 415)
            #expect(try await web.send("GET", "/v1/texts/a", [("accept", "image/png")]).status == 406)
            let long = #"{"text": ""# + String(repeating: "sluice ", count: 1000) + #""}"#
            let packed = try await web.send(
                "POST",
                "/v1/texts/a:shout",
                [("content-encoding", "gzip"), ("accept-encoding", "br, gzip;q=0.5")],
                body: GzipDeflater.compress(ByteBuffer(string: long))
            )
            #expect(packed.status == 200 && packed.fields["content-encoding"] == "gzip")
            let plain = try GzipInflater.decompress(packed.body, limits: RPCLimits())
            #expect(String(buffer: plain).contains("sluice sluice"))
        }
    }

    @Test func `a body over the limit is refused with the status for that`() async throws {
        var limits = RPCLimits()
        limits.maximumReceivedMessageBytes = 1000
        try await WebLoopback.run(limits: limits) { web async throws in
            let long = #"{"text": ""# + String(repeating: "x", count: 1000) + #""}"#
            #expect(try await web.send("POST", "/v1/texts/a:shout", json: long).status == 413)
            #expect(try await web.send("POST", "/v1/texts/a:shout", json: "{}").status == 200)
        }
    }

    @Test func `a stream is server-sent events where asked for, else a message a line`() async throws {
        try await WebLoopback.run { web async throws in
            let events = try await web.send("GET", "/v1/texts/a:watch", [("accept", "text/event-stream")])
            #expect(events.fields["content-type"] == "text/event-stream")
            let expected = "id: 1\ndata: {\"number\":1}\n\nid: 2\ndata: {\"number\":2}\n\nevent: end\ndata: {}\n\n"
            #expect(events.text == expected)
            let lines = try await web.send("GET", "/v1/texts/broken:watch")
            #expect(lines.fields["content-type"] == "application/jsonl")
            #expect(
                lines.text.hasPrefix(
                    "{\"number\":1}\n{\"number\":2}\n{\"error\":{\"code\":500,\"status\":\"DATA_LOSS\""
                )
            )
            let broken = try await web.send("GET", "/v1/texts/broken:watch", [("accept", "text/event-stream")])
            #expect(broken.text.contains("event: error\ndata: {\"error\":"))
        }
    }

    @Test func `every protocol passes the interceptor with its headers as metadata`() async throws {
        let interceptor: RPCInterceptor = { context, proceed in
            guard context.metadata.text("authorization") == "Bearer good" else {
                throw RPCError(.unauthenticated, "who are you?")
            }
            try await proceed()
        }
        try await WebLoopback.run(interceptor: interceptor) { web async throws in
            let refused = try await web.send("GET", "/v1/texts/me")
            #expect(refused.status == 401 && refused.fields["www-authenticate"] == "Bearer")
            let good = [("authorization", "Bearer good")]
            #expect(try await web.send("GET", "/v1/texts/me", good).text == #""Bearer good""#)
            let connect = try await web.send("POST", Note.echo.path, json: "{}")
            #expect(connect.status == 401 && connect.text.contains("unauthenticated"))
            #expect(try await web.send("POST", Note.echo.path, good, json: "{}").status == 200)
            let grpcWeb = [("content-type", "application/grpc-web+proto")]
            let frame = CallOutcome.frame(flag: 0, ByteBuffer(string: "{}"))
            #expect(try await web.send("POST", Note.echo.path, grpcWeb, body: frame).text.contains("grpc-status: 16"))
            #expect(
                try await web.send("POST", Note.echo.path, grpcWeb + good, body: frame).text.contains("grpc-status: 0")
            )
        }
    }

    @Test func `pages of other origins get in only where they are allowed`() async throws {
        try await WebLoopback.run(allowedOrigins: ["https://console.example"]) { web async throws in
            let foreign = [("origin", "https://evil.example")]
            #expect(try await web.send("POST", "/v1/texts/a:shout", foreign).status == 403)
            #expect(try await web.send("POST", Note.echo.path, foreign, json: "{}").status == 403)
            let own = [("origin", "http://localhost")]
            #expect(try await web.send("POST", "/v1/texts/a:shout", own).status == 200)
            let friend = [("origin", "https://console.example")]
            let answer = try await web.send("POST", "/v1/texts/a:shout", friend)
            #expect(answer.status == 200)
            #expect(answer.fields["access-control-allow-origin"] == "https://console.example")
            let asking = [
                ("access-control-request-method", "POST"), ("access-control-request-headers", "content-type,x-a"),
            ]
            let preflight = try await web.send("OPTIONS", Note.echo.path, friend + asking)
            #expect(preflight.status == 204)
            #expect(preflight.fields["access-control-allow-headers"] == "content-type,x-a")
            #expect(preflight.fields["access-control-allow-methods"] == "POST, OPTIONS")
            let refused = try await web.send("OPTIONS", Note.echo.path, foreign + asking)
            #expect(refused.fields["access-control-allow-origin"] == nil)
        }
    }
}
