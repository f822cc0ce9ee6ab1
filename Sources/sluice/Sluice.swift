import ArgumentParser
import Program
import SluiceAPI

/// The one executable: four roles, the user's own commands, and a generated command for every public method.
@main
struct Sluice: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sluice",
        abstract: "Moves one big file from one origin to very many machines.",
        discussion: """
            Generated commands, one for every public method: \(GeneratedCommands.nouns.joined(separator: ", ")). \
            `sluice NOUN --help` lists their verbs.

            Exit codes: 0 done, 1 failed, 2 invalid, 3 not found, 4 precondition not met, 5 not allowed, \
            6 control cannot be reached, 7 exhausted, 64 wrong usage, 130 cancelled.
            """,
        version: SluiceVersion.text,
        subcommands: [
            PushCommand.self, GetCommand.self, TorrentCommand.self, UpCommand.self, ControlCommand.self,
            RelayCommand.self, AgentCommand.self, ContextCommand.self, CompletionsCommand.self,
        ]
    )

    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        do {
            if let noun = arguments.first, GeneratedCommands.nouns.contains(noun) {
                try await GeneratedCommandRunner.run(arguments)
            } else {
                var command = try parseAsRoot(arguments)
                if var asynchronous = command as? any AsyncParsableCommand {
                    try await asynchronous.run()
                } else {
                    try command.run()
                }
            }
            ExitCodes.done()
        } catch {
            ExitCodes.exit(for: error, of: Sluice.self)
        }
    }
}
