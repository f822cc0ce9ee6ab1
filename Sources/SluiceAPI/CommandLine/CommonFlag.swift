internal import Units

/// A flag that many generated commands have, whatever their method.
struct CommonFlag: Sendable {
    let name: CommonFlagName
    /// What stands behind the name in help.
    let value: String
    let help: String
    let choices: [String]
    /// Whether no value follows it.
    var isSwitch: Bool { value.isEmpty }

    /// Those of a command.
    static func of(_ command: CommandDescription) -> [CommonFlag] {
        CommonFlagName.allCases.filter { has(command, $0) }.map(make)
    }

    private static func has(_ command: CommandDescription, _ name: CommonFlagName) -> Bool {
        switch name {
        case .watch: command.watch != nil
        case .fromFile: !command.flags.isEmpty
        case .columns: !command.columns.isEmpty
        case .output, .server, .context, .plaintext, .insecurePlaintext, .help: true
        }
    }

    private static func make(_ name: CommonFlagName) -> CommonFlag {
        switch name {
        case .watch:
            CommonFlag(name, "", "Follow it until it ends; the exit code is not 0 where that is a failure.")
        case .fromFile: CommonFlag(name, " FILE", "The request as JSON, - for standard input; flags go over it.")
        case .columns: CommonFlag(name, " A,B,…", "The columns of the table, by field.")
        case .output:
            CommonFlag(
                name,
                " table|json|yaml",
                "How answers are printed.",
                ParsedCommand.Output.allCases.map(\.rawValue)
            )
        case .server: CommonFlag(name, " HOST:PORT", "Control's address. Also from SLUICE_SERVER.")
        case .context: CommonFlag(name, " NAME", "Another context than the current one. Also from SLUICE_CONTEXT.")
        case .plaintext: CommonFlag(name, "", "Call control without TLS, on loopback. Also SLUICE_PLAINTEXT=1.")
        case .insecurePlaintext:
            CommonFlag(
                name,
                "",
                "Call control without TLS, also where others can read and change it. Also SLUICE_INSECURE_PLAINTEXT=1."
            )
        case .help: CommonFlag(name, "", "This text.")
        }
    }

    private init(_ name: CommonFlagName, _ value: String, _ help: String, _ choices: [String] = []) {
        self.name = name
        self.value = value
        self.help = help
        self.choices = choices
    }
}
