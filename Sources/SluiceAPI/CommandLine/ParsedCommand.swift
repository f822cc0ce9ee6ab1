package import RPC
internal import Units

/// What `sluice NOUN VERB …` asks for.
package struct ParsedCommand: Sendable {
    /// How responses are printed.
    package enum Output: String, CaseIterable, Sendable { case table, json, yaml }

    package let command: CommandDescription
    package let request: JSONValue
    package let output: Output
    /// Control's address; nil where the command line names none.
    package let server: String?
    /// Another context than the current one; nil where the command line names none.
    package let context: String?
    /// Whether control is called without TLS, on loopback.
    package let isPlaintext: Bool
    /// Whether control is called without TLS, wherever it is.
    package let isInsecurePlaintext: Bool
    /// The columns to print, by field; empty for as many as fit.
    package let columns: [String]
    /// Whether to follow what is shown.
    package let watches: Bool

    /// The method to call.
    package var call: CommandCall { watches ? command.watch ?? command.call : command.call }
}
