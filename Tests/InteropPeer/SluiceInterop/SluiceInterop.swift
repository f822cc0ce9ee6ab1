import Foundation
import HTTP
import Logging
import NIOCore
import NIOPosix
import RPC
import Transport
import UnixSignals

/// Our side of the interop tests: `serve` gives gRPC's official test service, `client CASE` calls one.
@main
enum SluiceInterop {
    static let usage = """
        Usage: sluice-interop serve [OPTION VALUE]…
               sluice-interop client CASE --server HOST:PORT
               sluice-interop cases

        Options of serve, durations in milliseconds:
          --listen HOST:PORT         where; 127.0.0.1:0 by default
          --preface-deadline MS      how long a preface, or a head over HTTP/1.1, may take
          --body-grace MS            how long a body over HTTP/1.1 may take beside the time its bytes give it
          --half-open COUNT          connections of one address that have not shown what they want
          --web yes                  gRPC-Web and Connect, too
          --stall-deadline MS        how long a stream may take nothing of what waits for it
          --connection-age MS        the age at which a connection is drained
          --connection-age-grace MS  how long its calls may go on then
          --connection-idle MS       how long a connection may have no stream until it is drained
          --keepalive-interval MS    how long a client may say nothing until it has to answer a PING
          --keepalive-timeout MS     how long it has for that

        """

    static func main() async {
        var arguments = Array(CommandLine.arguments.dropFirst())
        let verb = arguments.isEmpty ? "" : arguments.removeFirst()
        do {
            switch verb {
            case "serve": try await serve(try options(arguments))
            case "client":
                guard let name = arguments.first else { throw InteropFailure("no case is named") }
                try await client(name, try options(Array(arguments.dropFirst())))
            case "cases": for one in InteropCase.all { say(one.name) }
            case "--help", "-h": say(usage)
            default:
                FileHandle.standardError.write(Data(usage.utf8))
                exit(64)
            }
        } catch {
            FileHandle.standardError.write(Data("sluice-interop: \(error)\n".utf8))
            exit(1)
        }
    }

    private static func say(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }

    private static func options(_ arguments: [String]) throws -> [String: String] {
        var options: [String: String] = [:]
        guard arguments.count.isMultiple(of: 2) else { throw InteropFailure("an option without a value") }
        for at in stride(from: 0, to: arguments.count, by: 2) { options[arguments[at]] = arguments[at + 1] }
        return options
    }

    private static func place(_ text: String) throws -> (host: String, port: Int) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]) else {
            throw InteropFailure("\(text) is not HOST:PORT")
        }
        return (String(text[..<colon]), port)
    }

    private static func client(_ name: String, _ options: [String: String]) async throws {
        guard let chosen = InteropCase.all.first(where: { $0.name == name }) else {
            throw InteropFailure("there is no case \(name)")
        }
        let (host, port) = try place(options["--server"] ?? "")
        let server = InteropServer(host: host, port: port)
        try await chosen.run(server)
        say("\(name): passed")
    }

    private static func serve(_ options: [String: String]) async throws {
        var limits = HTTPLimits()
        func milliseconds(_ name: String) throws -> Duration? {
            guard let text = options[name] else { return nil }
            guard let count = Int64(text), count > 0 else { throw InteropFailure("\(name) is not a count of ms") }
            return .milliseconds(count)
        }
        if let deadline = try milliseconds("--preface-deadline") {
            limits.prefaceDeadline = deadline
            limits.headDeadline = deadline
        }
        if let grace = try milliseconds("--body-grace") { limits.bodyGrace = grace }
        if let deadline = try milliseconds("--stall-deadline") { limits.stallDeadline = deadline }
        limits.maximumConnectionAge = try milliseconds("--connection-age")
        if let grace = try milliseconds("--connection-age-grace") { limits.connectionAgeGrace = grace }
        limits.maximumConnectionIdle = try milliseconds("--connection-idle")
        if let interval = try milliseconds("--keepalive-interval") { limits.keepaliveInterval = interval }
        if let timeout = try milliseconds("--keepalive-timeout") { limits.keepaliveTimeout = timeout }
        let (host, port) = try place(options["--listen"] ?? "127.0.0.1:0")
        var configuration = ListenerConfiguration(host: host, port: port)
        configuration.handshakes.deadline = limits.prefaceDeadline
        if let count = options["--half-open"].flatMap({ Int($0) }) {
            configuration.handshakes.halfOpenPerAddress = count
        }
        var logger = Logger(label: "interop", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = .warning
        let server = RPCServer(
            services: [TestServiceRPCService(TestTarget())],
            web: options["--web"] == nil ? nil : WebOptions(routes: []),
            logger: logger
        )
        let listener = try await Listener.bind(
            configuration,
            group: MultiThreadedEventLoopGroup.singleton,
            handlers: ListenerHandlers(
                http2: { [limits] in HTTPServer.installHTTP2(on: $0, handler: server, limits: limits) },
                http1: { [limits] in HTTPServer.installHTTP1(on: $0, handler: server, limits: limits) }
            )
        )
        say("interop listening on \(host):\(listener.localAddress.port ?? 0)")
        for await _ in await UnixSignalsSequence(trapping: .sigterm, .sigint) { break }
        await listener.close()
    }
}
