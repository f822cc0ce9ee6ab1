import ArgumentParser
import Foundation
import HTTP
import NIOCore
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
        return try Self.fromEnvironment()
    }

    /// The environment or the default.
    static func fromEnvironment() throws -> HostPort {
        guard let text = ProcessInfo.processInfo.environment["SLUICE_SERVER"] else {
            return try parsed("127.0.0.1:7447")
        }
        return try parsed(text)
    }

    /// Connects, or says that control cannot be reached.
    func connect() async throws -> RPCClient {
        try await Self.connect(to: try address())
    }

    /// Connects to a place, or says that control cannot be reached.
    static func connect(to place: HostPort) async throws -> RPCClient {
        do {
            let http = try await HTTPClient.connect(
                host: place.host,
                port: place.port,
                group: MultiThreadedEventLoopGroup.singleton
            )
            return RPCClient(http: http, scheme: "http", authority: "\(place.host):\(place.port)")
        } catch {
            throw UserError(
                .unavailable,
                "control at \(place.host):\(place.port) cannot be reached",
                hint: "Start it with `sluice control`, or name another with --server."
            )
        }
    }

    static func parsed(_ text: String) throws -> HostPort {
        guard let place = HostPort(argument: text) else {
            throw UserError(.invalidArgument, "\(text) is not HOST:PORT")
        }
        return place
    }
}
