package import RPC
internal import Units

/// What `sluice NOUN VERB …` asks for.
package struct ParsedCommand: Sendable {
    /// How responses are printed.
    package enum Output: String, Sendable { case table, json }

    package let command: CommandDescription
    package let request: JSONValue
    package let output: Output
    /// Control's address; nil where the command line names none.
    package let server: String?
    /// Another context than the current one; nil where the command line names none.
    package let context: String?
    /// Whether control is called without TLS.
    package let isPlaintext: Bool
}
