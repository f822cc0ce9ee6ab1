internal import NIOCore

/// `ServerReflectionResponse`, the same in v1 and v1alpha.
struct ReflectionResponse: RPCMessage {
    static let fullName = "grpc.reflection.v1.ServerReflectionResponse"
    /// `message_response`.
    enum Answer: Hashable, Sendable {
        /// Serialized `FileDescriptorProto`s.
        case files([[UInt8]])
        /// The numbers are none: proto3 has no extensions.
        case extensionNumbers(type: String)
        case services([String])
        case error(code: RPCStatusCode, message: String)
    }
    var request = ReflectionRequest()
    var answer: Answer?
}

extension ReflectionResponse {
    init(protobuf: ByteBuffer) throws(ProtobufError) {
        for (number, value) in try WireReader.fields(protobuf, of: Self.fullName) {
            guard (2...7).contains(number) else { continue }
            guard let bytes = value.bytes, let inner = WireReader.fields(bytes) else {
                throw ProtobufError.unreadable(Self.fullName)
            }
            switch number {
            case 2: request = try ReflectionRequest(protobuf: ByteBuffer(bytes: bytes))
            case 4: answer = .files(inner.filter { $0.number == 1 }.compactMap(\.value.bytes))
            case 5: answer = .extensionNumbers(type: WireReader.text(1, of: bytes))
            case 6:
                let services = inner.filter { $0.number == 1 }.compactMap(\.value.bytes)
                answer = .services(services.map { WireReader.text(1, of: $0) })
            case 7:
                let code = Int(truncatingIfNeeded: WireReader.number(1, of: bytes))
                answer = .error(
                    code: RPCStatusCode(rawValue: code) ?? .unknown,
                    message: WireReader.text(2, of: bytes)
                )
            default: break
            }
        }
    }

    func encode(into buffer: inout ByteBuffer) {
        var writer = WireWriter()
        if !request.host.isEmpty { writer.write(request.host.utf8, field: 1) }
        writer.write(request.original, field: 2)
        var inner = WireWriter()
        switch answer {
        case .files(let files):
            for file in files { inner.write(file, field: 1) }
            writer.write(inner.bytes, field: 4)
        case .extensionNumbers(let type):
            inner.write(type.utf8, field: 1)
            writer.write(inner.bytes, field: 5)
        case .services(let names):
            for name in names {
                var service = WireWriter()
                service.write(name.utf8, field: 1)
                inner.write(service.bytes, field: 1)
            }
            writer.write(inner.bytes, field: 6)
        case .error(let code, let message):
            inner.write(UInt64(code.rawValue), field: 1)
            inner.write(message.utf8, field: 2)
            writer.write(inner.bytes, field: 7)
        case nil: break
        }
        buffer.writeBytes(writer.bytes)
    }
}

/// Reflection is asked by gRPC tools only; it has no JSON form here.
extension ReflectionResponse {
    init(json: JSONValue) throws(ProtobufError) {
        throw ProtobufError("\(Self.fullName) is spoken over gRPC only")
    }

    var json: JSONValue { .null }
}
