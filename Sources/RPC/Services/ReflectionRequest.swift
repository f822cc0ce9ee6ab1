internal import NIOCore

/// `ServerReflectionRequest`, the same in v1 and v1alpha.
struct ReflectionRequest: RPCMessage {
    static let fullName = "grpc.reflection.v1.ServerReflectionRequest"
    /// `message_request`.
    enum Question: Hashable, Sendable {
        case file(String)
        case symbol(String)
        case fileOfExtension(type: String, number: Int32)
        case extensionNumbers(type: String)
        case services
    }
    var host = ""
    var question: Question?
    /// The request as it came, for the answer repeats it.
    var original: [UInt8] = []
}

extension ReflectionRequest {
    init(protobuf: ByteBuffer) throws(ProtobufError) {
        original = Array(protobuf.readableBytesView)
        for (number, value) in try WireReader.fields(protobuf, of: Self.fullName) {
            switch number {
            case 1: host = try value.requiredText(of: Self.fullName)
            case 3: question = .file(try value.requiredText(of: Self.fullName))
            case 4: question = .symbol(try value.requiredText(of: Self.fullName))
            case 5:
                guard let inner = value.bytes else { throw ProtobufError.unreadable(Self.fullName) }
                question = .fileOfExtension(
                    type: WireReader.text(1, of: inner),
                    number: Int32(truncatingIfNeeded: WireReader.number(2, of: inner))
                )
            case 6: question = .extensionNumbers(type: try value.requiredText(of: Self.fullName))
            case 7: question = .services
            default: break
            }
        }
    }

    func encode(into buffer: inout ByteBuffer) {
        var writer = WireWriter()
        if !host.isEmpty { writer.write(host.utf8, field: 1) }
        switch question {
        case .file(let name): writer.write(name.utf8, field: 3)
        case .symbol(let name): writer.write(name.utf8, field: 4)
        case .fileOfExtension(let type, let number):
            var inner = WireWriter()
            inner.write(type.utf8, field: 1)
            inner.write(UInt64(bitPattern: Int64(number)), field: 2)
            writer.write(inner.bytes, field: 5)
        case .extensionNumbers(let type): writer.write(type.utf8, field: 6)
        case .services: writer.write("*".utf8, field: 7)
        case nil: break
        }
        buffer.writeBytes(writer.bytes)
    }
}

/// Reflection is asked by gRPC tools only; it has no JSON form here.
extension ReflectionRequest {
    init(json: JSONValue) throws(ProtobufError) {
        throw ProtobufError("\(Self.fullName) is spoken over gRPC only")
    }

    var json: JSONValue { .null }
}
