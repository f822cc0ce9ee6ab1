internal import Units

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
            let others = rivals(of: flag, in: command)
            if !others.isEmpty { lines.append("      Not together with \(others.joined(separator: ", ")).") }
        }
        for flag in CommonFlag.of(command) {
            let short = flag.name == .output ? "-o, " : flag.name == .help ? "-h, " : ""
            lines += ["  \(short)--\(flag.name.rawValue)\(flag.value)", "      \(flag.help)"]
        }
        if command.call.ending != nil {
            lines += ["", "The exit code is not 0 where what it follows ends in failure."]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The flags of the other members of the oneof that a flag is in.
    private static func rivals(of flag: FlagDescription, in command: CommandDescription) -> [String] {
        guard let member = flag.members.last else { return [] }
        return command.flags.filter { other in
            other.members.contains { $0.group == member.group && $0 != member }
        }.map { "--\($0.name)" }
    }

    private static func suffix(_ flag: FlagDescription) -> String {
        if flag.isPositional { return "" }
        let value = flag.kind == .boolean && flag.isRepeated ? " true|false" : value(flag.kind)
        if case .map = flag.kind { return value + " (repeat for more)" }
        return value + (flag.isRepeated ? " (repeat for more)" : "")
    }

    private static func value(_ kind: FlagDescription.Kind) -> String {
        switch kind {
        case .boolean, .presence: ""
        case .string: " TEXT"
        case .integer, .number: " NUMBER"
        case .size: " SIZE, such as 64MiB"
        case .duration: " DURATION, such as 1m30s"
        case .time: " TIME, such as 2026-11-25T12:00:00Z"
        case .pair, .map(.string): " KEY=VALUE"
        case .map(.boolean): " KEY=true|false"
        case .map(let values): " KEY=" + self.value(values).drop { $0 == " " }
        case .file: " FILE"
        case .json: " JSON"
        case .choice(let choices): " " + choices.map(\.name).joined(separator: "|")
        }
    }
}
