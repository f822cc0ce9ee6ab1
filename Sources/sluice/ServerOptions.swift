import ArgumentParser
import Foundation
import NIOPosix
import RPC
import SluiceAPI
import Units

/// Where control is.
struct ServerOptions: ParsableArguments {
    @Option(help: "Control's address, HOST:PORT. Also from SLUICE_SERVER; 127.0.0.1:7447 by default.")
    var server: HostPort?

    /// The flag, the environment or the default, in this order.
    func address() throws -> HostPort {
        if let server { return server }
        guard let text = ProcessInfo.processInfo.environment["SLUICE_SERVER"] else {
            return try Self.parsed("127.0.0.1:7447")
        }
        return try Self.parsed(text)
    }

    /// Connects, or says that control cannot be reached.
    func connect() async throws -> RPCClient {
        let place = try address()
        do {
            return try await RPCClient.connect(
                host: place.host,
                port: place.port,
                tls: nil,
                group: MultiThreadedEventLoopGroup.singleton
            )
        } catch {
            throw UserError(
                .unavailable,
                "control at \(place.host):\(place.port) cannot be reached",
                hint: "Start it with `sluice control`, or name another with --server."
            )
        }
    }

    private static func parsed(_ text: String) throws -> HostPort {
        guard let place = HostPort(argument: text) else {
            throw UserError(.invalidArgument, "\(text) is not HOST:PORT")
        }
        return place
    }
}
