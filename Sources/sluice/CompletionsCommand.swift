import ArgumentParser
import Program
import RPC
import SluiceAPI
import Units

/// `sluice completions SHELL`.
struct CompletionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completions",
        abstract: "Prints the script that completes sluice's commands in a shell.",
        discussion: "Example: source <(sluice completions bash)"
    )

    @Argument(help: "bash, zsh or fish.")
    var shell: CompletedShell

    func run() throws {
        // Argument-parser's own scripts know nothing of the commands that the protos make.
        guard let help = try? JSONParser.parse(Sluice._dumpHelp()) else {
            throw UserError(.internal, "the program's own help cannot be read")
        }
        Terminal.write(shell.script(for: CompletionNode(help: help)))
    }
}

extension CompletedShell: ExpressibleByArgument {}
