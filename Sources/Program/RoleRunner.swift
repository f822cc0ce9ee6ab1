package import Logging
package import ServiceLifecycle
internal import UnixSignals

/// Runs roles until one fails or the process is told to end (SIGINT, SIGTERM).
package enum RoleRunner {
    package static func run(_ services: [any Service], logger: Logger) async throws {
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) },
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger
            )
        )
        try await group.run()
    }
}
