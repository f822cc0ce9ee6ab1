package import RPC
internal import Units

/// A command as a shell completes it: what may follow its name.
package struct CompletionNode: Sendable {
    /// A flag, with its dashes.
    package struct Flag: Sendable {
        package let name: String
        package let help: String
        /// Whether a value follows.
        package let takesValue: Bool
        /// The only values there are; empty where any goes.
        package let choices: [String]
    }
    package let name: String
    package let help: String
    package let flags: [Flag]
    package let children: [CompletionNode]
    /// The noun whose names stand behind it; nil where none do.
    package let namesOf: String?

    /// The commands of an argument-parser program, as its `_dumpHelp()` describes them, with the generated ones.
    package init(help dumped: JSONValue) {
        let root = CompletionNode(command: dumped["command"] ?? .null)
        self.init(name: root.name, help: root.help, flags: root.flags, children: root.children + Self.generated)
    }

    private init(name: String, help: String, flags: [Flag], children: [CompletionNode], namesOf: String? = nil) {
        self.namesOf = namesOf
        self.name = name
        self.help = help
        self.flags = flags
        self.children = children
    }

    private init(command: JSONValue) {
        self.init(
            name: command["commandName"]?.string ?? "",
            help: command["abstract"]?.string ?? "",
            flags: (command["arguments"]?.list ?? []).flatMap(Self.flags),
            children: (command["subcommands"]?.list ?? []).map { CompletionNode(command: $0) }
                .filter { $0.name != "help" }
        )
    }

    private static func flags(_ argument: JSONValue) -> [Flag] {
        guard argument["kind"] != .string("positional"), argument["shouldDisplay"] != .boolean(false) else { return [] }
        let choices = (argument["allValues"]?.list ?? []).compactMap(\.string)
        return (argument["names"]?.list ?? []).compactMap { name in
            guard let text = name["name"]?.string else { return nil }
            return Flag(
                name: (name["kind"] == .string("long") ? "--" : "-") + text,
                help: argument["abstract"]?.string ?? "",
                takesValue: argument["kind"] == .string("option"),
                choices: choices
            )
        }
    }

    private static var generated: [CompletionNode] {
        GeneratedCommands.nouns.map { noun in
            let commands = GeneratedCommands.all.filter { $0.noun == noun }
            return CompletionNode(
                name: noun,
                help: "Generated from the protos.",
                flags: [],
                children: commands.map { command in
                    CompletionNode(
                        name: command.verb,
                        help: command.summary,
                        flags: flags(command),
                        children: [],
                        namesOf: hasNames(commands) && needsName(command) ? noun : nil
                    )
                }
            )
        }
    }

    /// Whether one of these lists names.
    private static func hasNames(_ commands: [CommandDescription]) -> Bool {
        commands.contains { $0.verb == "list" && $0.columns.contains { $0.name == "name" } }
    }

    /// Whether a command is about something that is there already.
    private static func needsName(_ command: CommandDescription) -> Bool {
        command.flags.contains { $0.isPositional && $0.path == ["name"] }
    }

    private static func flags(_ command: CommandDescription) -> [Flag] {
        let own = command.flags.filter { !$0.isPositional }.map { flag in
            var choices: [String] = []
            if case .choice(let values) = flag.kind { choices = values.map(\.name) }
            return Flag(name: "--" + flag.name, help: flag.help, takesValue: !flag.isSwitch, choices: choices)
        }
        let common = CommonFlag.of(command).map { flag in
            Flag(
                name: "--" + flag.name.rawValue,
                help: flag.help,
                takesValue: !flag.isSwitch,
                choices: flag.choices
            )
        }
        let output = common.first { $0.name == "--output" }
        let short = output.map { Flag(name: "-o", help: $0.help, takesValue: true, choices: $0.choices) }
        return own + common + (short.map { [$0] } ?? [])
    }
}

extension JSONValue {
    fileprivate var string: String? { if case .string(let text) = self { text } else { nil } }
    fileprivate var list: [JSONValue] { if case .array(let values) = self { values } else { [] } }
}
