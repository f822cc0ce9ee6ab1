package import ArgumentParser
internal import NIOCore
internal import Node
internal import Units

/// `sluice agent`.
package struct AgentCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "agent",
        abstract: "Runs an agent: downloads onto this machine what is sent to its labels."
    )

    package init() {}

    @OptionGroup package var node: NodeOptions
    @Option(help: "The folder where finished files appear.")
    package var dest: String
    @Option(help: "HOST:PORT for BitTorrent peers; port 0 lets the kernel choose.")
    package var listen = HostPort(host: "127.0.0.1", port: 0)
    @OptionGroup package var security: PlaintextOptions
    @OptionGroup package var limits: ConnectionLimitOptions

    package func run() async throws {
        try security.check(listen)
        // One loop moves more than a network card, and machines that run agents have other work to do.
        NIOSingletons.groupLoopCountSuggestion = 1
        let logger = RoleLogger.make("agent")
        let configuration = try node.configuration(listen: listen, security, limits)
        try await RoleRunner.run(
            [AgentNode(configuration: configuration, destination: dest, logger: logger)],
            logger: logger
        )
    }
}
