internal import HTTP
internal import RPC

/// The connection that polls go over: made when it is needed, and again where it has broken.
actor PollConnection {
    private let endpoint: ControlEndpoint
    private var open: (http: HTTPClient, client: RPCClient)?
    private var opening: Task<(http: HTTPClient, client: RPCClient), any Error>?

    init(_ endpoint: ControlEndpoint) { self.endpoint = endpoint }

    func client() async throws -> RPCClient {
        if let open, open.http.isActive { return open.client }
        // A detached wait: two polls that need a connection share one.
        let task = opening ?? Task { try await endpoint.connect() }
        opening = task
        defer { opening = nil }
        let made = try await task.value
        if let open, open.http !== made.http { await open.http.close() }
        open = made
        return made.client
    }

    func close() async {
        opening?.cancel()
        await open?.http.close()
        open = nil
    }
}
