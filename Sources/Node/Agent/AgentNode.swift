package import Logging
internal import Manifest
internal import ServiceLifecycle
internal import SluiceAPI
internal import Units

/// An agent: downloads onto its own machine what control assigns to it, and shares it with other agents.
package struct AgentNode: Service {
    private let configuration: NodeConfiguration
    private let destination: String
    private let logger: Logger

    /// Finished files appear in the folder `destination`, which is made when missing.
    package init(configuration: NodeConfiguration, destination: String, logger: Logger) {
        self.configuration = configuration
        self.destination = destination
        self.logger = logger
    }

    /// Runs until graceful shutdown or cancellation; throws a `UserError` where it cannot start.
    package func run() async throws {
        let runtime = try await NodeRuntime.start(configuration, role: .agent, logger: logger)
        logger.info("agent \(runtime.identity.name) listening on \(runtime.listening)")
        let work = AgentWork(runtime: runtime, destination: destination)
        await NodeLoop(runtime: runtime, role: .agent, work: work).run()
        await work.stop()
        await runtime.close()
    }
}
