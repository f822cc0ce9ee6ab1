/// One generated command: a unary or server-streaming method.
package struct CommandDescription: Sendable {
    /// Such as `distributions`.
    package let noun: String
    /// Such as `get`.
    package let verb: String
    package let summary: String
    /// The field of the request that is the resource itself; nil where it has none.
    package let resource: String?
    package let flags: [FlagDescription]
    /// What a table of the rows it lists can show; empty where it lists none.
    package let columns: [TableColumn]
    /// The method that follows what this one shows; nil where there is none.
    package let watch: CommandCall?
    package let call: CommandCall

    /// A command; generated code makes these.
    package init(
        noun: String,
        verb: String,
        summary: String,
        resource: String? = nil,
        flags: [FlagDescription],
        columns: [TableColumn] = [],
        watch: CommandCall? = nil,
        call: CommandCall
    ) {
        self.noun = noun
        self.verb = verb
        self.summary = summary
        self.resource = resource
        self.flags = flags
        self.columns = columns
        self.watch = watch
        self.call = call
    }
}
