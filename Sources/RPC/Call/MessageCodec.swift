internal import NIOCore

/// What the messages of one call are written in.
enum MessageCodec: Hashable, Sendable {
    case protobuf
    /// Canonical proto3 JSON.
    case json

    /// The message in `bytes`. What is not one is the caller's fault: `internal` in protobuf, as gRPC has it,
    /// `invalidArgument` in JSON, which people write.
    func decode<Message: RPCMessage>(_ bytes: ByteBuffer) throws(RPCError) -> Message {
        do throws(ProtobufError) {
            switch self {
            case .protobuf: return try Message(protobuf: bytes)
            case .json: return try Message(json: try JSONParser.parse(Array(bytes.readableBytesView)))
            }
        } catch {
            switch self {
            case .protobuf: throw RPCError(.internal, "cannot decode \(Message.fullName): \(error)")
            case .json: throw RPCError(.invalidArgument, "\(error)")
            }
        }
    }

    /// The bytes of a message.
    func encode(_ message: some RPCMessage) -> ByteBuffer {
        switch self {
        case .protobuf:
            var bytes = ByteBuffer()
            message.encode(into: &bytes)
            return bytes
        case .json: return ByteBuffer(string: message.json.text)
        }
    }
}
