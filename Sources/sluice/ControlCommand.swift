import ArgumentParser
import Control
import ServiceLifecycle
import Units

/// `sluice control`.
struct ControlCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "control", abstract: "Runs the control server.")

    @Option(help: "The folder for its database.")
    var data: String
    @Option(help: "HOST:PORT; port 0 lets the kernel choose.")
    var listen: HostPort = HostPort(host: "127.0.0.1", port: 7447)
    @Option(help: "How long a lease at an origin lasts.")
    var leaseDuration = DurationArgument(.seconds(30))
    @OptionGroup var security: PlaintextOptions

    func run() async throws {
        try security.check(listen)
        let logger = RoleLogger.make("control")
        let configuration = ControlConfiguration(
            dataDirectory: data,
            host: listen.host,
            port: listen.port,
            leaseDuration: leaseDuration.duration
        )
        try await RoleRunner.run([ControlServer(configuration: configuration, logger: logger)], logger: logger)
    }
}
