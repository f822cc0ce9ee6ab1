import NIOCore

@testable import RPC

/// A message that is its own bytes: enough to test calls.
struct Text: RPCMessage, ExpressibleByStringLiteral {
    static let fullName = "test.Text"
    var text = ""

    init() {}
    init(_ text: String) { self.text = text }
    init(stringLiteral text: String) { self.text = text }

    init(protobuf: ByteBuffer) throws(ProtobufError) {
        self.text = String(buffer: protobuf)
    }
    func encode(into buffer: inout ByteBuffer) {
        buffer.writeString(text)
    }
    init(json: JSONValue) throws(ProtobufError) {
        self.text = try JSONCoding.string(json, "text")
    }
    var json: JSONValue { .string(text) }
}
