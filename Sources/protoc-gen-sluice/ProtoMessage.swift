/// One message.
struct ProtoMessage {
    let fullName: String
    let comment: [String]
    /// Whether it stands inside another message; protobuf-c packs such ones only as a part of it.
    let isNested: Bool
    /// Whether it is what protoc makes of a `map` field.
    let isMapEntry: Bool
    let fields: [ProtoField]
    /// Names of its oneofs, in order.
    let oneofs: [ProtoOneof]
}

/// One oneof of a message.
struct ProtoOneof {
    let name: String
    let comment: [String]
}
