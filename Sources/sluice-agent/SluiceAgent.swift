import ArgumentParser
import Program

/// An agent alone: for machines that need neither control nor its database. `sluice agent` is the same.
@main
struct SluiceAgent: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sluice-agent",
        abstract: AgentCommand.configuration.abstract,
        version: SluiceVersion.text
    )

    @OptionGroup var agent: AgentCommand

    func run() async throws { try await agent.run() }

    static func main() async {
        do {
            var command = try parseAsRoot()
            if let agent = command as? SluiceAgent { try await agent.run() } else { try command.run() }
            ExitCodes.done()
        } catch {
            ExitCodes.exit(for: error, of: SluiceAgent.self)
        }
    }
}
