import Node
import Program
import ServiceLifecycle
import SluiceAPI
import Units

/// The relay and the agent of `sluice up`: they start once control listens.
struct LocalNodes: Service {
    let addresses: AsyncStream<BoundAddress>
    let data: String
    let destination: String
    let isPlaintext: Bool

    func run() async throws {
        for await control in addresses.cancelOnGracefulShutdown() {
            let relay = RelayNode(
                configuration: try await configuration("local-relay", .relay, control),
                logger: RoleLogger.make("relay")
            )
            var agentConfiguration = try await configuration("local-agent", .agent, control)
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

    private func configuration(
        _ name: String,
        _ role: NodeRole,
        _ control: BoundAddress
    ) async throws -> NodeConfiguration {
        var configuration = NodeConfiguration(
            controlHost: control.reachable.host,
            controlPort: control.port,
            dataDirectory: "\(data)/\(name)",
            host: "127.0.0.1",
            port: 0
        )
        configuration.name = NodeID(name)
        configuration.version = SluiceVersion.text
        guard !isPlaintext else { return configuration }
        // The admin's own context lies beside control's database. A token for this name lets the node in whatever it was
        // enrolled with before.
        let context = try ContextFile.read("\(data)/control/context.json").context(nil)
        let place = ControlPlace(
            server: control.reachable,
            authority: context?.certificateAuthority,
            token: context?.token
        )
        configuration.security = .enrolled(joinToken: try await place.joinToken(for: role, node: configuration.name))
        return configuration
    }
}
