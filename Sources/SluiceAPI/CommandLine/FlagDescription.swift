/// One flag of a generated command: a field of the request.
package struct FlagDescription: Sendable {
    /// How its values are written.
    package enum Kind: Hashable, Sendable {
        case string, integer, number, boolean, duration
        /// `key=value`.
        case pair
        /// The path of a file whose bytes are sent.
        case file
        /// A JSON object.
        case json
        /// One of these names; the prefix they share may be left out.
        case choice([String])
    }

    /// Without its dashes.
    package let name: String
    /// Where the value goes in the request's JSON.
    package let path: [String]
    package let kind: Kind
    package let isRepeated: Bool
    /// Whether it is given without a flag.
    package let isPositional: Bool
    package let help: String
}
