/// The help of generated commands, out of the protos' comments.
enum CommandHelp {
    static func nouns() -> String {
        "Generated commands: \(GeneratedCommands.nouns.joined(separator: ", "))\n"
    }

    static func verbs(_ noun: String, _ commands: [CommandDescription]) -> String {
        let width = commands.map(\.verb.count).max() ?? 0
        let lines = commands.map { command in
            "  \(command.verb)\(String(repeating: " ", count: width - command.verb.count + 2))\(command.summary)"
        }
        return "Usage: sluice \(noun) VERB …\n\n" + lines.joined(separator: "\n") + "\n"
    }

    static func flags(_ command: CommandDescription) -> String {
        let positional = command.flags.filter(\.isPositional).map { " " + $0.name.uppercased() }.joined()
        var lines = ["Usage: sluice \(command.noun) \(command.verb)\(positional) [flags]", "", command.summary, ""]
        for flag in command.flags {
            let name = flag.isPositional ? flag.name.uppercased() : "--\(flag.name)"
            lines.append("  \(name)\(suffix(flag))")
            if !flag.help.isEmpty { lines.append("      \(flag.help)") }
            if case .choice(let choices) = flag.kind {
                for choice in choices where !choice.help.isEmpty {
                    lines.append("        \(choice.name): \(choice.help)")
                }
            }
            if let member = flag.members.last {
                lines.append("      Not together with other flags for \(member.group).")
            }
        }
        for flag in CommonFlag.of(command) { lines += ["  --\(flag.name)\(flag.value)", "      \(flag.help)"] }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func suffix(_ flag: FlagDescription) -> String {
        if flag.isPositional { return "" }
        let value =
            switch flag.kind {
            case .boolean: ""
            case .string: " TEXT"
            case .integer, .number: " NUMBER"
            case .size: " SIZE, such as 64MiB"
            case .duration: " DURATION, such as 1m30s"
            case .time: " TIME, such as 2026-11-25T12:00:00Z"
            case .pair, .map: " KEY=VALUE"
            case .file: " FILE"
            case .json: " JSON"
            case .choice(let choices): " " + choices.map(\.name).joined(separator: "|")
            }
        return value + (flag.isRepeated || flag.kind == .map ? " (repeat for more)" : "")
    }
}
