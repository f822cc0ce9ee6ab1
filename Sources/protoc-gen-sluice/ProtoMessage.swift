/// One message.
struct ProtoMessage {
    let fullName: String
    let comment: [String]
    let fields: [ProtoField]
    /// Names of its oneofs, in order.
    let oneofs: [ProtoOneof]
}

/// One oneof of a message.
struct ProtoOneof {
    let name: String
    let comment: [String]
}
