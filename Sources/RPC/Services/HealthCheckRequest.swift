internal import NIOCore

/// `grpc.health.v1.HealthCheckRequest`.
struct HealthCheckRequest: RPCMessage {
    static let fullName = "grpc.health.v1.HealthCheckRequest"
    /// A full service name, or "" for the whole server.
    var service = ""
}

extension HealthCheckRequest {
    init(protobuf: ByteBuffer) throws(ProtobufError) {
        for (number, value) in try WireReader.fields(protobuf, of: Self.fullName) where number == 1 {
            guard let text = value.text else { throw ProtobufError.unreadable(Self.fullName) }
            service = text
        }
    }

    func encode(into buffer: inout ByteBuffer) {
        var writer = WireWriter()
        if !service.isEmpty { writer.write(service.utf8, field: 1) }
        buffer.writeBytes(writer.bytes)
    }
}

extension HealthCheckRequest {
    init(json: JSONValue) throws(ProtobufError) {
        for member in try JSONCoding.members(json, Self.fullName) {
            guard member.name == "service" else { throw JSONCoding.unknown(member.name, Self.fullName) }
            service = try JSONCoding.string(member.value, member.name)
        }
    }

    var json: JSONValue {
        service.isEmpty ? .members([]) : .members([("service", .string(service))])
    }
}
