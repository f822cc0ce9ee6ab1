package import RPC

/// Calls a command's method with JSON on both sides.
package struct CommandCall: Sendable {
    /// Hands over each response as it comes.
    package let run: @Sendable (RPCClient, JSONValue, (JSONValue) -> Void) async throws -> Void
    /// How the last response tells of failure; nil where it does not.
    package let ending: WatchEnding?

    private init(
        ending: WatchEnding?,
        run: @escaping @Sendable (RPCClient, JSONValue, (JSONValue) -> Void) async throws -> Void
    ) {
        self.run = run
        self.ending = ending
    }

    static func unary<Request, Response>(_ method: RPCMethod<Request, Response>) -> CommandCall {
        CommandCall(ending: nil) { client, request, take in
            take(try await client.unary(method, try Request(json: request)).json)
        }
    }

    static func serverStreaming<Request, Response>(
        _ method: RPCMethod<Request, Response>,
        ending: WatchEnding? = nil
    ) -> CommandCall {
        CommandCall(ending: ending) { client, request, take in
            for try await response in try await client.serverStreaming(method, try Request(json: request)) {
                take(response.json)
            }
        }
    }
}
