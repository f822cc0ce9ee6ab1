internal import HTTP
internal import NIOPosix
internal import RPC
internal import Transport

/// Where control is, and how a node connects to it.
struct ControlEndpoint: Sendable {
    let host: String
    let port: Int
    /// Nil for plaintext.
    var credentials: NodeCredentials?

    /// A new connection, and a client on it.
    func connect() async throws -> (http: HTTPClient, client: RPCClient) {
        try await connect(tls: credentials?.client)
    }

    /// A new connection that trusts in another way.
    func connect(tls: TLSClientContext?) async throws -> (http: HTTPClient, client: RPCClient) {
        let http = try await HTTPClient.connect(
            host: host,
            port: port,
            tls: tls,
            group: MultiThreadedEventLoopGroup.singleton,
            limits: .messageClient,
            liveness: .prompt
        )
        let bracketed = host.contains(":") ? "[\(host)]" : host
        let client = RPCClient(http: http, scheme: tls == nil ? "http" : "https", authority: "\(bracketed):\(port)")
        return (http, client)
    }
}
