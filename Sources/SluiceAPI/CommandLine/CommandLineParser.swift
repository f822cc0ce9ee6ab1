internal import RPC
package import Units

/// Reads the arguments of generated commands by their descriptions.
package struct CommandLineParser {
    /// What the arguments ask for.
    package enum Outcome: Sendable {
        case help(String)
        case command(ParsedCommand)
    }

    private let readFile: (String) throws(UserError) -> [UInt8]

    /// `readFile` gives the content of a file that a flag names.
    package init(readFile: @escaping (String) throws(UserError) -> [UInt8]) { self.readFile = readFile }

    /// Parses `NOUN VERB …`; throws one clear sentence where it cannot.
    package func parse(_ arguments: [String]) throws(UserError) -> Outcome {
        guard let noun = arguments.first else { return .help(CommandHelp.nouns()) }
        let commands = GeneratedCommands.all.filter { $0.noun == noun }
        guard !commands.isEmpty else { throw UserError(.invalidArgument, "there is no command \(noun)") }
        guard arguments.count > 1, arguments[1] != "--help", arguments[1] != "-h" else {
            return .help(CommandHelp.verbs(noun, commands))
        }
        guard let command = commands.first(where: { $0.verb == arguments[1] }) else {
            let verbs = commands.map(\.verb).joined(separator: ", ")
            throw UserError(.invalidArgument, "\(noun) has no \(arguments[1])", hint: "There are: \(verbs).")
        }
        return try parse(arguments.dropFirst(2), of: command)
    }

    private func parse(_ arguments: ArraySlice<String>, of command: CommandDescription) throws(UserError) -> Outcome {
        var request = RequestTree()
        var output = ParsedCommand.Output.table
        var server: String?
        var context: String?
        var isPlaintext = false
        var positional = command.flags.filter(\.isPositional)[...]
        var rest = arguments
        while let argument = rest.popFirst() {
            if argument == "--help" || argument == "-h" { return .help(CommandHelp.flags(command)) }
            guard argument.hasPrefix("--") else {
                guard let flag = positional.popFirst() else {
                    throw UserError(.invalidArgument, "\(argument) is one argument too many")
                }
                try request.set(try value(argument, of: flag), at: flag)
                continue
            }
            let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            let attached = parts.count == 2 ? String(parts[1]) : nil
            func given() throws(UserError) -> String {
                if let attached { return attached }
                guard let next = rest.popFirst() else { throw UserError(.invalidArgument, "--\(name) needs a value") }
                return next
            }
            switch name {
            case "output":
                guard let format = ParsedCommand.Output(rawValue: try given()) else {
                    throw UserError(.invalidArgument, "--output is table or json")
                }
                output = format
            case "server": server = try given()
            case "context": context = try given()
            case "plaintext": isPlaintext = true
            default:
                guard let flag = command.flags.first(where: { $0.name == name }) else {
                    let hint = "`sluice \(command.noun) \(command.verb) --help` lists the flags."
                    throw UserError(.invalidArgument, "--\(name) is not a flag of this command", hint: hint)
                }
                let text = flag.kind == .boolean && attached == nil ? "true" : try given()
                try request.set(try value(text, of: flag), at: flag)
            }
        }
        return .command(
            ParsedCommand(
                command: command,
                request: request.json,
                output: output,
                server: server,
                context: context,
                isPlaintext: isPlaintext
            )
        )
    }

    private func value(_ text: String, of flag: FlagDescription) throws(UserError) -> JSONValue {
        switch flag.kind {
        case .string, .integer, .duration: return .string(text)
        case .number:
            guard let number = Double(text) else { throw UserError(.invalidArgument, "--\(flag.name) is a number") }
            return .number(number)
        case .boolean:
            guard text == "true" || text == "false" else {
                throw UserError(.invalidArgument, "--\(flag.name) is true or false")
            }
            return .boolean(text == "true")
        case .pair:
            guard let equals = text.firstIndex(of: "=") else {
                throw UserError(.invalidArgument, "--\(flag.name) is key=value")
            }
            let key = String(text[..<equals])
            return .members([("key", .string(key)), ("value", .string(String(text[text.index(after: equals)...])))])
        case .file: return JSONCoding.json(try readFile(text))
        case .json:
            do {
                return try JSONParser.parse(text)
            } catch {
                throw UserError(.invalidArgument, "--\(flag.name): \(error)")
            }
        case .choice(let names):
            let wanted = text.uppercased().replacing("-", with: "_")
            guard let name = names.first(where: { $0 == wanted || $0.hasSuffix("_" + wanted) }) else {
                throw UserError(.invalidArgument, "--\(flag.name) is one of \(names.joined(separator: ", "))")
            }
            return .string(name)
        }
    }
}
