/// One method of a service, with the messages it takes and gives.
package struct RPCMethod<Request: RPCMessage, Response: RPCMessage>: Sendable, Hashable {
    /// The full name, such as `sluice.v1.Origins`.
    package let service: String
    /// The short name, such as `CreateOrigin`.
    package let name: String
    /// Which sides stream.
    package let kind: RPCKind

    /// A method; generated code makes these.
    package init(service: String, name: String, kind: RPCKind) {
        self.service = service
        self.name = name
        self.kind = kind
    }
    /// The `:path` of its calls.
    package var path: String { "/\(service)/\(name)" }
}
