/// One flag of a generated command: a field of the request.
package struct FlagDescription: Sendable {
    /// How its values are written.
    package indirect enum Kind: Hashable, Sendable {
        case string, integer, number, boolean
        /// `64MiB`.
        case size
        /// `1m30s`.
        case duration
        /// RFC 3339.
        case time
        /// `key=value`, each a message of its own.
        case pair
        /// `key=value`, each an entry of one map, whose values are written so.
        case map(Kind)
        /// The path of a file whose bytes are sent.
        case file
        /// A JSON object.
        case json
        /// A message without fields: it is there or not.
        case presence
        /// One of these.
        case choice([FlagChoice])
    }

    /// Without its dashes.
    package let name: String
    /// Where the value goes in the request's JSON.
    package let path: [String]
    package let kind: Kind
    package let isRepeated: Bool
    /// Whether it is given without a flag.
    package let isPositional: Bool
    /// The oneofs it stands in, from the outside in.
    package let members: [OneofMember]
    package let help: String
    /// Whether it needs no value behind it.
    package var isSwitch: Bool { kind == .boolean && !isRepeated || kind == .presence }

    /// A flag; generated code makes these.
    package init(
        _ name: String,
        _ path: [String],
        _ kind: Kind,
        isRepeated: Bool = false,
        isPositional: Bool = false,
        members: [OneofMember] = [],
        help: String
    ) {
        self.name = name
        self.path = path
        self.kind = kind
        self.isRepeated = isRepeated
        self.isPositional = isPositional
        self.members = members
        self.help = help
    }
}
