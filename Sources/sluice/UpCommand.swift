import ArgumentParser
import Control
import Node
import Program
import SluiceAPI
import Units

/// `sluice up`.
struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Runs control, one relay and one agent in one process, for a first try.",
        discussion: "The agent has the label role=local: sluice push URL --to role=local --watch"
    )

    @Option(help: "The folder for everything it keeps.")
    var data = "./sluice-data"
    @Option(help: "The folder where finished files appear.")
    var dest = "./sluice-files"
    @Option(help: "Control's HOST:PORT; port 0 lets the kernel choose.")
    var listen = HostPort(host: "127.0.0.1", port: 7447)
    @OptionGroup var security: PlaintextOptions

    func run() async throws {
        let (addresses, announce) = AsyncStream.makeStream(of: BoundAddress.self)
        let lifetime = ControlSecurity.certificateLifetime
        let logger = RoleLogger.make("control")
        let control = try ControlCommand.configuration(
            data: "\(data)/control",
            listen: listen,
            leaseDuration: .seconds(30),
            security: try security.controlSecurity(listen, names: [], lifetime: lifetime),
            logger: logger
        ) { announce.yield($0) }
        let nodes = LocalNodes(
            addresses: addresses,
            data: data,
            destination: dest,
            isPlaintext: security.isPlaintext
        )
        let server = ControlServer(configuration: control, logger: logger)
        try await RoleRunner.run([server, nodes], logger: RoleLogger.make("up"))
    }
}
