/// One field of a message.
struct ProtoField: Equatable {
    enum Kind: Equatable {
        case boolean, int32, int64, uint32, uint64, double, float, string, bytes
        case message(String)
        case enumeration(String)
    }

    let name: String
    let number: Int32
    let kind: Kind
    let isRepeated: Bool
    /// Position of its oneof in the message.
    let oneof: Int?
    let comment: [String]

    /// Whether it is told and never asked for: its comment begins with these words (AIP-203).
    var isOutputOnly: Bool { comment.first?.hasPrefix("Output only.") ?? false }
}
