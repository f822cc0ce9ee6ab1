import ArgumentParser
import Control
import Logging
import Program
import ServiceLifecycle
import Transport
import Units

/// `sluice control`.
struct ControlCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "control",
        abstract: "Runs the control server.",
        discussion: """
            On its first start it makes its own certificate authority, a server certificate and an admin's token in the \
            --data folder; context.json there is a context file for the admin. Nodes enroll with join tokens.
            """
    )

    @Option(help: "The folder for its database, its authority and its first token.")
    var data: String
    @Option(help: "HOST:PORT; port 0 lets the kernel choose.")
    var listen: HostPort = HostPort(host: "127.0.0.1", port: 7447)
    @Option(help: "How long a lease at an origin lasts, such as 30s.")
    var leaseDuration = DurationArgument(.seconds(30))
    @Option(help: "A host name or address it is reached by, for its certificate or in plaintext; repeat for more.")
    var name: [String] = []
    @Option(help: "How long a node's certificate lasts, such as 12h or 7d, from 10s; nodes renew at two thirds of it.")
    var certificateLifetime = DurationArgument(ControlSecurity.certificateLifetime)
    @Option(help: "New connections taken in a second at most; the rest wait their turn.")
    var admitPerSecond = 2000
    @Option(help: "An origin whose pages may call from a browser, such as https://console.example; repeat for more.")
    var allowOrigin: [String] = []
    @OptionGroup var security: PlaintextOptions
    @OptionGroup var limits: ConnectionLimitOptions

    func run() async throws {
        let logger = RoleLogger.make("control")
        guard (1...1_000_000).contains(admitPerSecond) else {
            throw UserError(.invalidArgument, "--admit-per-second is 1 to 1000000")
        }
        OpenFileLimit.raise()
        var configuration = try Self.configuration(
            data: data,
            listen: listen,
            leaseDuration: leaseDuration.duration,
            security: try security.controlSecurity(listen, names: name, lifetime: certificateLifetime.duration),
            logger: logger
        )
        configuration.admissionsPerSecond = admitPerSecond
        configuration.allowedOrigins = allowOrigin
        try limits.apply(to: &configuration.httpLimits)
        try limits.apply(to: &configuration.handshakes)
        try await RoleRunner.run([ControlServer(configuration: configuration, logger: logger)], logger: logger)
    }

    /// A control server that leaves a context for its users; `ready` is called behind that.
    static func configuration(
        data: String,
        listen: HostPort,
        leaseDuration: Duration,
        security: ControlSecurity,
        logger: Logger,
        ready: @escaping @Sendable (BoundAddress) -> Void = { _ in }
    ) throws -> ControlConfiguration {
        var configuration = ControlConfiguration(
            dataDirectory: data,
            host: listen.host,
            port: listen.port,
            leaseDuration: leaseDuration
        )
        configuration.security = security
        let context = LocalContext(folder: data, logger: logger)
        configuration.whenReady = { host, port, credentials in
            context.write(host: host, port: port, credentials: credentials)
            ready(BoundAddress(host: host, port: port))
        }
        configuration.whenTrustChanges = { context.write(host: $0, port: $1, credentials: $2) }
        return configuration
    }
}

extension PlaintextOptions {
    /// What the flags say of a control server's listener.
    func controlSecurity(_ listen: HostPort, names: [String], lifetime: Duration) throws -> ControlSecurity {
        try check(listen)
        for name in names + [listen.host] where !ControlSecurity.isPlain(name) {
            throw UserError(.invalidArgument, "\(name) is not a host name or an address")
        }
        guard !isPlaintext else { return .plaintext(names: names) }
        guard lifetime >= .seconds(10), lifetime <= .seconds(397 * 86_400) else {
            throw UserError(.invalidArgument, "a node's certificate lasts 10s to 397 days")
        }
        return .tls(names: names, certificateLifetime: lifetime)
    }
}
