import Node
import ServiceLifecycle
import SluiceAPI
import Units

/// The relay and the agent of `sluice up`: they start once control listens.
struct LocalNodes: Service {
    let addresses: AsyncStream<BoundAddress>
    let data: String
    let destination: String

    func run() async throws {
        for await control in addresses.cancelOnGracefulShutdown() {
            let relay = RelayNode(
                configuration: try configuration("local-relay", control),
                logger: RoleLogger.make("relay")
            )
            var agentConfiguration = try configuration("local-agent", control)
            var label = Label()
            label.key = "role"
            label.value = "local"
            agentConfiguration.labels = [label]
            let agent = AgentNode(
                configuration: agentConfiguration,
                destination: destination,
                logger: RoleLogger.make("agent")
            )
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await relay.run() }
                group.addTask { try await agent.run() }
                try await group.waitForAll()
            }
        }
    }

    private func configuration(_ name: String, _ control: BoundAddress) throws -> NodeConfiguration {
        var configuration = NodeConfiguration(
            controlHost: control.host,
            controlPort: control.port,
            dataDirectory: "\(data)/\(name)",
            host: "127.0.0.1",
            port: 0
        )
        configuration.name = NodeID(name)
        configuration.version = SluiceVersion.text
        return configuration
    }
}
