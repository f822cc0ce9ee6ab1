import HTTP
import Logging
import NIOCore
import NIOPosix

@testable import RPC

/// Serves `service` on a port of the kernel's choice and gives `body` a client of it; both are gone afterwards.
func withLoopback(_ service: any RPCService, _ body: (RPCClient) async throws -> Void) async throws {
    let group = MultiThreadedEventLoopGroup.singleton
    let server = RPCServer(services: [service], logger: Logger(label: "test"))
    let listener = try await ServerBootstrap(group: group)
        .childChannelInitializer { channel in
            HTTPServer.installHTTP2(on: channel, handler: server)
        }
        .bind(host: "127.0.0.1", port: 0).get()
    let http = try await HTTPClient.connect(
        host: "127.0.0.1",
        port: listener.localAddress?.port ?? 0,
        tls: nil,

        group: group
    )
    let client = RPCClient(http: http, scheme: "http", authority: "127.0.0.1")
    do {
        try await body(client)
    } catch {
        await client.close()
        try await listener.close()
        throw error
    }
    await client.close()
    try await listener.close()
}
