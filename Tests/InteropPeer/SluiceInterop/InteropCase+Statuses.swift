internal import RPC

extension InteropCase {
    private static let specialMessage = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"

    static let statuses = [
        InteropCase(name: "custom_metadata", run: customMetadata),
        InteropCase(name: "status_code_and_message") { server in
            try await server.with { client in
                try await statusIsEchoed("test status method", client, streams: [false, true])
            }
        },
        InteropCase(name: "special_status_message") { server in
            try await server.with { client in
                try await statusIsEchoed(specialMessage, client, streams: [false])
            }
        },
        InteropCase(name: "unimplemented_method") { server in
            try await server.with { client in
                try await InteropServer.expect(.unimplemented) {
                    _ = try await client.unary(TestServiceClient.Methods.unimplementedCall, Empty())
                }
            }
        },
        InteropCase(name: "unimplemented_service") { server in
            try await server.with { client in
                let method = RPCMethod<Empty, Empty>(
                    service: "grpc.testing.UnimplementedService",
                    name: "UnimplementedCall",
                    kind: .unary
                )
                try await InteropServer.expect(.unimplemented) { _ = try await client.unary(method, Empty()) }
            }
        },
        InteropCase(name: "large_header") { server in
            try await server.with { client in
                // 63 KB in CONTINUATION frames: more than we, or gRPC's default of 8 to 16 KiB, take.
                var metadata = RPCMetadata()
                try metadata.add("x-large", String(repeating: "x", count: 63 << 10))
                let options = RPCCallOptions(metadata: metadata)
                try await InteropServer.expect(.resourceExhausted) {
                    _ = try await client.unary(TestServiceClient.Methods.emptyCall, Empty(), options: options)
                }
                _ = try await client.unary(TestServiceClient.Methods.emptyCall, Empty())
            }
        },
    ]

    private static func statusIsEchoed(_ message: String, _ client: RPCClient, streams: [Bool]) async throws {
        var status = EchoStatus()
        status.code = 2
        status.message = message
        for isStream in streams {
            let error = try await InteropServer.expect(.unknown) {
                if isStream {
                    var request = StreamingOutputCallRequest()
                    request.responseStatus = status
                    let (writer, reader) = try await client.bidirectional(TestServiceClient.Methods.fullDuplexCall)
                    try await writer.write(request)
                    try? await writer.finish()
                    _ = try await reader.all()
                } else {
                    var request = SimpleRequest()
                    request.responseStatus = status
                    _ = try await client.unary(TestServiceClient.Methods.unaryCall, request)
                }
            }
            try InteropServer.expect(error.message == message, "the message is '\(error.message)'")
        }
    }

    @Sendable private static func customMetadata(_ server: InteropServer) async throws {
        try await server.with { client in
            var metadata = RPCMetadata()
            try metadata.add("x-grpc-test-echo-initial", "test_initial_metadata_value")
            try metadata.add("x-grpc-test-echo-trailing-bin", [0xAB, 0xAB, 0xAB])
            let options = RPCCallOptions(metadata: metadata)
            func check(_ initial: RPCMetadata, _ trailing: RPCMetadata) throws {
                try InteropServer.expect(
                    initial.text("x-grpc-test-echo-initial") == "test_initial_metadata_value",
                    "the initial metadata is not echoed"
                )
                try InteropServer.expect(
                    trailing.binary("x-grpc-test-echo-trailing-bin") == [0xAB, 0xAB, 0xAB],
                    "the trailing metadata is not echoed"
                )
            }
            let unary = try await client.call(TestServiceClient.Methods.unaryCall, options: options)
            try await unary.requests.write(InteropServer.largeRequest)
            try await unary.requests.finish()
            _ = try await unary.responses.all()
            try check(try await unary.initialMetadata(), unary.trailingMetadata)

            var request = StreamingOutputCallRequest()
            request.payload = InteropServer.payload(271_828)
            request.responseParameters = [InteropServer.parameters(314_159)]
            let duplex = try await client.call(TestServiceClient.Methods.fullDuplexCall, options: options)
            try await duplex.requests.write(request)
            try await duplex.requests.finish()
            _ = try await duplex.responses.all()
            try check(try await duplex.initialMetadata(), duplex.trailingMetadata)
        }
    }
}
