package import Logging
internal import Manifest
internal import NIOCore
internal import PieceCache
internal import ServiceLifecycle
internal import SluiceAPI
internal import Units

/// A relay: pulls what control tells it to, and serves it while it pulls.
package struct RelayNode: Service {
    private let configuration: NodeConfiguration
    private let logger: Logger

    package init(configuration: NodeConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    /// Runs until graceful shutdown or cancellation; throws a `UserError` where it cannot start.
    package func run() async throws {
        let runtime = try await NodeRuntime.start(configuration, role: .relay, logger: logger)
        logger.info("relay \(runtime.identity.name) listening on \(runtime.listening)")
        let work = RelayWork(runtime: runtime)
        await NodeLoop(runtime: runtime, role: .relay, work: work).run()
        await work.stop()
        await runtime.close()
    }
}
