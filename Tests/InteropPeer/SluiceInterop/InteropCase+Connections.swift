internal import HTTP
internal import RPC

/// gRPC's doc/http2-interop-test-descriptions.md: the server behaves in odd ways, legal and not.
extension InteropCase {
    static let connections = [
        InteropCase(name: "goaway") { server in
            let first = try await server.connect()
            try await InteropServer.largeUnary(first.client)
            // The server said GOAWAY behind its answer: the connection ends by itself once nothing is open on it.
            await first.connection.closed()
            try InteropServer.expect(!first.connection.isActive, "the connection goes on behind GOAWAY")
            try await server.with(InteropServer.largeUnary)
        },
        InteropCase(name: "rst_after_header", run: callFails),
        InteropCase(name: "rst_during_data", run: callFails),
        InteropCase(name: "rst_after_data", run: callFails),
        InteropCase(name: "ping") { try await $0.with(InteropServer.largeUnary) },
        InteropCase(name: "max_streams") { server in
            try await server.with { client in
                try await InteropServer.largeUnary(client)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<10 { group.addTask { try await InteropServer.largeUnary(client) } }
                    try await group.waitForAll()
                }
            }
        },
        InteropCase(name: "data_frame_padding") { try await $0.with(InteropServer.largeUnary) },
        InteropCase(name: "no_df_padding_sanity_test") { try await $0.with(InteropServer.largeUnary) },
        // 100 and 103 come before the head.
        InteropCase(name: "interim_responses") { try await $0.with(InteropServer.largeUnary) },
        InteropCase(name: "outer_spaces") { server in
            try await server.with { client in
                let call = try await client.call(TestServiceClient.Methods.unaryCall)
                try await call.requests.write(InteropServer.largeRequest)
                try await call.requests.finish()
                let error = try await InteropServer.expect(.aborted) { _ = try await call.responses.next() }
                let (note, end) = (try await call.initialMetadata().text("x-note"), error.metadata.text("x-end"))
                try InteropServer.expect(
                    error.message == " spaced " && note == "spaced" && end == "end",
                    "'\(error.message)', '\(note ?? "")', '\(end ?? "")'"
                )
            }
        },
    ]

    @Sendable private static func callFails(_ server: InteropServer) async throws {
        try await server.with { client in
            do {
                _ = try await client.unary(TestServiceClient.Methods.unaryCall, InteropServer.largeRequest)
            } catch is RPCError { return }
            throw InteropFailure("the call ended well although its stream was reset")
        }
    }
}
