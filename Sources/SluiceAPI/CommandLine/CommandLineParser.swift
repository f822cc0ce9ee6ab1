internal import RPC
package import Units

/// Reads the arguments of generated commands by their descriptions.
package struct CommandLineParser {
    /// What the arguments ask for.
    package enum Outcome: Sendable {
        case help(String)
        case command(ParsedCommand)
    }

    /// What the arguments have said so far.
    private struct Draft {
        var request = RequestTree()
        var base: JSONValue?
        var output = ParsedCommand.Output.table
        var server: String?
        var context: String?
        var isPlaintext = false
        var isInsecurePlaintext = false
        var columns: [String] = []
        var watches = false
        /// By oneof, which of its members, and the flag that says so.
        var chosen: [String: (member: OneofMember, flag: String)] = [:]
    }

    private let readFile: (String) throws(UserError) -> [UInt8]

    /// `readFile` gives the content of a file that a flag names.
    package init(readFile: @escaping (String) throws(UserError) -> [UInt8]) { self.readFile = readFile }

    /// Parses `NOUN VERB …`; throws one clear sentence where it cannot.
    package func parse(_ arguments: [String]) throws(UserError) -> Outcome {
        guard let noun = arguments.first else { return .help(CommandHelp.nouns()) }
        let commands = GeneratedCommands.all.filter { $0.noun == noun }
        guard !commands.isEmpty else { throw UserError(.invalidArgument, "there is no command \(noun)") }
        guard arguments.count > 1, !["--help", "-h", "help"].contains(arguments[1]) else {
            return .help(CommandHelp.verbs(noun, commands))
        }
        guard let command = commands.first(where: { $0.verb == arguments[1] }) else {
            let verbs = commands.map(\.verb).joined(separator: ", ")
            throw UserError(.invalidArgument, "\(noun) has no \(arguments[1])", hint: "There are: \(verbs).")
        }
        return try parse(arguments.dropFirst(2), of: command)
    }

    /// Parses what stands behind the verb of a command.
    package func parse(
        _ arguments: ArraySlice<String>,
        of command: CommandDescription
    ) throws(UserError) -> Outcome {
        var draft = Draft()
        var positional = command.flags.filter(\.isPositional)
        var rest = arguments
        while let argument = rest.popFirst() {
            if argument == "-h" { return .help(CommandHelp.flags(command)) }
            let isShort = argument == "-o" || argument.hasPrefix("-o=")
            guard isShort || argument.hasPrefix("--") else {
                guard !argument.hasPrefix("-") || argument == "-" else { throw Self.unknown(argument, command) }
                guard !positional.isEmpty else {
                    throw UserError(.invalidArgument, "\(argument) is one argument too many")
                }
                try set(argument, positional.removeFirst(), &draft)
                continue
            }
            let long = isShort ? "--output" + argument.dropFirst(2) : argument
            let parts = long.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            // Nested fields may be written with dots as in JSON paths, words with underscores as in protos.
            let name = String(parts[0].replacing(".", with: "-").replacing("_", with: "-"))
            let attached = parts.count == 2 ? String(parts[1]) : nil
            func given() throws(UserError) -> String {
                if let attached { return attached }
                guard let next = rest.popFirst() else { throw UserError(.invalidArgument, "--\(name) needs a value") }
                return next
            }
            if let flag = CommonFlag.of(command).first(where: { $0.name.rawValue == name }) {
                if flag.name == .help { return .help(CommandHelp.flags(command)) }
                try setCommon(flag.name, flag.isSwitch ? attached ?? "true" : try given(), command, &draft)
                continue
            }
            guard let flag = command.flags.first(where: { $0.name == name }) else {
                throw Self.unknown("--" + name, command)
            }
            positional.removeAll { $0.name == name }
            try set(flag.isSwitch && attached == nil ? "true" : try given(), flag, &draft)
        }
        // Whose name it is has to be said; a resource that is made can get one.
        if let missing = positional.first(where: { $0.path.count == 1 }), draft.base == nil {
            let usage = "`sluice \(command.noun) \(command.verb) --help` tells more."
            throw UserError(.invalidArgument, "\(missing.name.uppercased()) is missing", hint: usage)
        }
        return .command(
            ParsedCommand(
                command: command,
                request: Self.request(of: draft, command),
                output: draft.output,
                server: draft.server,
                context: draft.context,
                isPlaintext: draft.isPlaintext,
                isInsecurePlaintext: draft.isInsecurePlaintext,
                columns: draft.columns,
                watches: draft.watches
            )
        )
    }

    private static func unknown(_ flag: String, _ command: CommandDescription) -> UserError {
        let hint = "`sluice \(command.noun) \(command.verb) --help` lists the flags."
        return UserError(.invalidArgument, "\(flag) is not a flag of this command", hint: hint)
    }

    private func set(_ text: String, _ flag: FlagDescription, _ draft: inout Draft) throws(UserError) {
        for member in flag.members {
            let other = draft.chosen.updateValue((member, flag.name), forKey: member.group)
            if let other, other.member != member {
                throw UserError(.invalidArgument, "--\(other.flag) and --\(flag.name) exclude each other")
            }
        }
        let value = FlagValue(flag: flag, readFile: readFile)
        try draft.request.set(try value.read(text), at: flag)
    }

    /// What flags say, over what a file says. A member of a oneof that a flag chooses takes the place of the file's.
    private static func request(of draft: Draft, _ command: CommandDescription) -> JSONValue {
        guard var base = draft.base else { return draft.request.json }
        for (group, chosen) in draft.chosen {
            let rivals = command.flags.flatMap(\.members).filter { $0.group == group && $0 != chosen.member }
            for rival in Set(rivals) { base = RequestTree.removing(rival.path[...], from: base) }
        }
        return draft.request.json(over: base)
    }

    private func setCommon(
        _ name: CommonFlagName,
        _ text: String,
        _ command: CommandDescription,
        _ draft: inout Draft
    ) throws(UserError) {
        func isOn() throws(UserError) -> Bool {
            guard text == "true" || text == "false" else {
                throw UserError(.invalidArgument, "--\(name.rawValue) is true or false, not \(text)")
            }
            return text == "true"
        }
        switch name {
        case .output:
            guard let format = ParsedCommand.Output(rawValue: text) else {
                throw UserError(.invalidArgument, "--output is table, json or yaml, not \(text)")
            }
            draft.output = format
        case .server: draft.server = text
        case .context: draft.context = text
        case .plaintext: draft.isPlaintext = try isOn()
        case .insecurePlaintext: draft.isInsecurePlaintext = try isOn()
        case .columns: draft.columns = text.split(separator: ",").map(String.init)
        case .watch: draft.watches = try isOn()
        case .fromFile: draft.base = try request(in: text, command)
        case .help: break
        }
    }

    /// The request in a file: the request's own JSON, or the resource's alone.
    private func request(in path: String, _ command: CommandDescription) throws(UserError) -> JSONValue {
        let bytes = try readFile(path)
        let json: JSONValue
        do throws(ProtobufError) {
            json = try JSONParser.parse(bytes)
        } catch {
            throw UserError(.invalidArgument, "\(path): \(error)")
        }
        guard case .object(let members) = json else {
            throw UserError(.invalidArgument, "\(path) is not a JSON object")
        }
        guard let resource = command.resource, !members.contains(where: { RequestTree.isSame($0.name, resource) })
        else {
            return json
        }
        return .members([(resource, json)])
    }
}
