/// One generated command: a unary or server-streaming method.
package struct CommandDescription: Sendable {
    /// Such as `distributions`.
    package let noun: String
    /// Such as `get`.
    package let verb: String
    package let summary: String
    package let flags: [FlagDescription]
    package let call: CommandCall
}
