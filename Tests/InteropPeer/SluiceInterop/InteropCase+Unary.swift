internal import RPC

extension InteropCase {
    static let unary = [
        InteropCase(name: "empty_unary") { server in
            try await server.with { client in
                let response = try await client.unary(TestServiceClient.Methods.emptyCall, Empty())
                try InteropServer.expect(response == Empty(), "the response is not empty")
            }
        },
        InteropCase(name: "large_unary") { try await $0.with(InteropServer.largeUnary) },
        InteropCase(name: "client_compressed_unary") { server in
            try await server.with { client in
                var request = InteropServer.largeRequest
                request.expectCompressed = InteropServer.boolean(true)
                // The probe: not compressed although the server is told to expect it.
                let probe = request
                try await InteropServer.expect(.invalidArgument) {
                    _ = try await client.unary(TestServiceClient.Methods.unaryCall, probe)
                }
                for compresses in [true, false] {
                    request.expectCompressed = InteropServer.boolean(compresses)
                    let response = try await client.unary(
                        TestServiceClient.Methods.unaryCall,
                        request,
                        options: RPCCallOptions(compresses: compresses)
                    )
                    try InteropServer.expect(response.payload?.body.count == 314_159, "the payload has another size")
                }
            }
        },
        InteropCase(name: "server_compressed_unary") { server in
            try await server.with { client in
                for compressed in [true, false] {
                    var request = InteropServer.largeRequest
                    request.responseCompressed = InteropServer.boolean(compressed)
                    let call = try await client.call(TestServiceClient.Methods.unaryCall)
                    try await call.requests.write(request)
                    try await call.requests.finish()
                    let response = try await call.responses.next()
                    try InteropServer.expect(response?.payload?.body.count == 314_159, "the payload has another size")
                    try InteropServer.expect(
                        call.lastResponseWasCompressed == compressed,
                        "the response is \(compressed ? "not " : "")compressed"
                    )
                }
            }
        },
        InteropCase(name: "concurrent_large_unary") { server in
            try await server.with { client in
                // Far more than the server takes at once: the rest waits its turn.
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<1000 {
                        group.addTask {
                            var request = SimpleRequest()
                            request.responseSize = 31_415
                            request.payload = InteropServer.payload(27_182)
                            let response = try await client.unary(TestServiceClient.Methods.unaryCall, request)
                            try InteropServer.expect(
                                response.payload == InteropServer.payload(31_415),
                                "the response has another payload"
                            )
                        }
                    }
                    try await group.waitForAll()
                }
            }
        },
    ]
}
