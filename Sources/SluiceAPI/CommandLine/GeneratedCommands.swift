/// Every command that the protos make. Generated code adds a list for each file.
package enum GeneratedCommands {
    /// What commands are about, such as `distributions`.
    package static let nouns: [String] = {
        var nouns: [String] = []
        for command in all where !nouns.contains(command.noun) { nouns.append(command.noun) }
        return nouns
    }()
}
