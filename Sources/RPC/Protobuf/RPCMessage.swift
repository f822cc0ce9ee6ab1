package import NIOCore

/// A protobuf message as a Swift value. Generated code conforms.
package protocol RPCMessage: Sendable, Hashable {
    /// The full proto name, such as `sluice.v1.Origin`.
    static var fullName: String { get }
    /// Every field at its default.
    init()
    /// Decodes the wire format; throws where the bytes are not such a message.
    init(protobuf: ByteBuffer) throws(ProtobufError)
    /// Appends the wire format.
    func encode(into buffer: inout ByteBuffer)
    /// Reads canonical proto3 JSON.
    init(json: JSONValue) throws(ProtobufError)
    /// Canonical proto3 JSON.
    var json: JSONValue { get }
}

extension RPCMessage {
    /// The wire format as bytes.
    package var encoded: [UInt8] {
        var buffer = ByteBuffer()
        encode(into: &buffer)
        return Array(buffer.readableBytesView)
    }
    /// Decodes the wire format from bytes.
    package init(encoded: [UInt8]) throws(ProtobufError) { try self.init(protobuf: ByteBuffer(bytes: encoded)) }
}
