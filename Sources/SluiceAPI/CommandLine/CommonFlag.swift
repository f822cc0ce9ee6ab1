/// A flag that many generated commands have, whatever their method.
struct CommonFlag: Sendable {
    let name: String
    /// What stands behind the name in help.
    let value: String
    let help: String
    let choices: [String]
    /// Whether no value follows it.
    var isSwitch: Bool { value.isEmpty }

    /// Those of a command.
    static func of(_ command: CommandDescription) -> [CommonFlag] {
        var flags: [CommonFlag] = []
        if command.watch != nil {
            flags.append(CommonFlag("watch", "", "Follow it until it ends."))
        }
        if !command.flags.isEmpty {
            flags.append(
                CommonFlag("from-file", " FILE", "The request as JSON, - for standard input; flags go over it.")
            )
        }
        if !command.columns.isEmpty {
            flags.append(CommonFlag("columns", " A,B,…", "The columns of the table, by field."))
        }
        flags.append(CommonFlag("output", " table|json|yaml", "How answers are printed.", ["table", "json", "yaml"]))
        flags.append(CommonFlag("server", " HOST:PORT", "Control's address."))
        flags.append(CommonFlag("context", " NAME", "Another context than the current one."))
        flags.append(CommonFlag("plaintext", "", "Call control without TLS, on loopback."))
        return flags
    }

    private init(_ name: String, _ value: String, _ help: String, _ choices: [String] = []) {
        self.name = name
        self.value = value
        self.help = help
        self.choices = choices
    }
}
