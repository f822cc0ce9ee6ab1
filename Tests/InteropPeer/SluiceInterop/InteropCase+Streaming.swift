internal import RPC

extension InteropCase {
    private static let requestSizes = [27_182, 8, 1828, 45_904]
    private static let responseSizes: [Int32] = [31_415, 9, 2653, 58_979]

    static let streaming = [
        InteropCase(name: "client_streaming") { server in
            try await server.with { client in
                let (writer, reader) = try await client.clientStreaming(TestServiceClient.Methods.streamingInputCall)
                for size in requestSizes {
                    var request = StreamingInputCallRequest()
                    request.payload = InteropServer.payload(size)
                    try await writer.write(request)
                }
                try await writer.finish()
                let response = try await reader.next()
                try InteropServer.expect(response?.aggregatedPayloadSize == 74_922, "the sum is \(response as Any)")
            }
        },
        InteropCase(name: "client_compressed_streaming", run: clientCompressedStreaming),
        InteropCase(name: "server_streaming") { server in
            try await server.with { client in
                var request = StreamingOutputCallRequest()
                request.responseParameters = responseSizes.map { InteropServer.parameters($0) }
                let sizes = try await client.serverStreaming(TestServiceClient.Methods.streamingOutputCall, request)
                    .all().map { Int32($0.payload?.body.count ?? 0) }
                try InteropServer.expect(sizes == responseSizes, "the sizes are \(sizes)")
            }
        },
        InteropCase(name: "server_compressed_streaming") { server in
            try await server.with { client in
                var request = StreamingOutputCallRequest()
                request.responseParameters = [
                    InteropServer.parameters(31_415, compressed: true),
                    InteropServer.parameters(92_653, compressed: false),
                ]
                let call = try await client.call(TestServiceClient.Methods.streamingOutputCall)
                try await call.requests.write(request)
                try await call.requests.finish()
                for parameters in request.responseParameters {
                    let response = try await call.responses.next()
                    try InteropServer.expect(
                        response?.payload?.body.count == Int(parameters.size),
                        "the payload has another size"
                    )
                    try InteropServer.expect(
                        call.lastResponseWasCompressed == parameters.compressed?.value,
                        "the flag of the message of \(parameters.size) bytes is wrong"
                    )
                }
                let end = try await call.responses.next()
                try InteropServer.expect(end == nil, "more responses than asked for")
            }
        },
        InteropCase(name: "ping_pong") { server in
            try await server.with { client in
                let (writer, reader) = try await client.bidirectional(TestServiceClient.Methods.fullDuplexCall)
                for (request, response) in zip(requestSizes, responseSizes) {
                    try await writer.write(ping(request, response))
                    let answer = try await reader.next()
                    try InteropServer.expect(answer?.payload?.body.count == Int(response), "a pong of another size")
                }
                try await writer.finish()
                let end = try await reader.next()
                try InteropServer.expect(end == nil, "more responses than asked for")
            }
        },
        InteropCase(name: "empty_stream") { server in
            try await server.with { client in
                let (writer, reader) = try await client.bidirectional(TestServiceClient.Methods.fullDuplexCall)
                try await writer.finish()
                let end = try await reader.next()
                try InteropServer.expect(end == nil, "a response to nothing")
            }
        },
        InteropCase(name: "cancel_after_begin") { server in
            try await server.with { client in
                let call = try await client.call(TestServiceClient.Methods.streamingInputCall)
                call.cancel()
                try await InteropServer.expect(.cancelled) { _ = try await call.responses.next() }
            }
        },
        InteropCase(name: "cancel_after_first_response") { server in
            try await server.with { client in
                let call = try await client.call(TestServiceClient.Methods.fullDuplexCall)
                try await call.requests.write(ping(27_182, 31_415))
                let answer = try await call.responses.next()
                try InteropServer.expect(answer?.payload?.body.count == 31_415, "a pong of another size")
                call.cancel()
                try await InteropServer.expect(.cancelled) { _ = try await call.responses.next() }
            }
        },
        InteropCase(name: "timeout_on_sleeping_server") { server in
            try await server.with { client in
                let options = RPCCallOptions(timeout: .milliseconds(1))
                try await InteropServer.expect(.deadlineExceeded) {
                    let call = try await client.call(TestServiceClient.Methods.fullDuplexCall, options: options)
                    // The write may find the call ended already; its status is the reader's to tell.
                    try? await call.requests.write(ping(27_182, 0))
                    while try await call.responses.next() != nil {}
                }
            }
        },
    ]

    private static func ping(_ request: Int, _ response: Int32) -> StreamingOutputCallRequest {
        var ping = StreamingOutputCallRequest()
        ping.payload = InteropServer.payload(request)
        if response > 0 { ping.responseParameters = [InteropServer.parameters(response)] }
        return ping
    }

    @Sendable private static func clientCompressedStreaming(_ server: InteropServer) async throws {
        try await server.with { client in
            func request(_ size: Int, compressed: Bool) -> StreamingInputCallRequest {
                var request = StreamingInputCallRequest()
                request.payload = InteropServer.payload(size)
                request.expectCompressed = InteropServer.boolean(compressed)
                return request
            }
            let method = TestServiceClient.Methods.streamingInputCall
            let options = RPCCallOptions(compresses: true)
            try await InteropServer.expect(.invalidArgument) {
                let (writer, reader) = try await client.clientStreaming(method, options: options)
                try await writer.write(request(27_182, compressed: true), compressed: false)
                try? await writer.finish()
                _ = try await reader.next()
            }
            let (writer, reader) = try await client.clientStreaming(method, options: options)
            try await writer.write(request(27_182, compressed: true), compressed: true)
            try await writer.write(request(45_904, compressed: false), compressed: false)
            try await writer.finish()
            let response = try await reader.next()
            try InteropServer.expect(response?.aggregatedPayloadSize == 73_086, "the sum is \(response as Any)")
        }
    }
}
