/// The methods of one service, ready to be served. Generated code makes these from a server's implementation.
package protocol RPCService: Sendable {
    /// The full name, such as `sluice.v1.Origins`.
    static var serviceName: String { get }
    /// Serialized `FileDescriptorProto`s for reflection: the service's file and those it imports.
    static var fileDescriptors: [[UInt8]] { get }
    /// One for each method.
    var handlers: [RPCHandler] { get }
}
