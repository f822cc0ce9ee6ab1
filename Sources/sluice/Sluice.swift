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
            6 control cannot be reached, 7 exhausted, 64 wrong usage, 130 cancelled. What follows a distribution ends \
            with 1 where it failed and 130 where it was cancelled.

            Environment: SLUICE_SERVER, SLUICE_CA, SLUICE_TOKEN and SLUICE_CONTEXT go before the context; \
            SLUICE_PLAINTEXT=1 is --plaintext, SLUICE_INSECURE_PLAINTEXT=1 is --insecure-plaintext; SLUICE_CONFIG is the \
            file of contexts, SLUICE_LOG the level of the log (debug, info, notice, warning, error).
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
            if let generated = generated(arguments) {
                try await GeneratedCommandRunner.run(generated)
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

    /// The arguments of a generated command; nil where they are for another. `help NOUN VERB` is one too.
    private static func generated(_ arguments: [String]) -> [String]? {
        guard let first = arguments.first else { return nil }
        if GeneratedCommands.nouns.contains(first) { return arguments }
        guard first == "help", arguments.count > 1, GeneratedCommands.nouns.contains(arguments[1]) else { return nil }
        return arguments[1...].prefix(2) + ["--help"]
    }
}
