internal import HTTP
internal import NIOPosix
internal import RPC
internal import Transport
internal import Units

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
        let authority = URLAuthority.text(host, port)
        let client = RPCClient(http: http, scheme: tls == nil ? "http" : "https", authority: authority)
        return (http, client)
    }
}
