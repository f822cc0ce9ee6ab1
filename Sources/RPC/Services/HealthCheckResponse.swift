internal import NIOCore

/// `grpc.health.v1.HealthCheckResponse`.
struct HealthCheckResponse: RPCMessage {
    static let fullName = "grpc.health.v1.HealthCheckResponse"
    /// A number of `RPCHealth.Status`, or one that a newer peer knows.
    var status: Int32 = 0
}

extension HealthCheckResponse {
    init(protobuf: ByteBuffer) throws(ProtobufError) {
        for (number, value) in try WireReader.fields(protobuf, of: Self.fullName) where number == 1 {
            guard let value = value.number else { throw ProtobufError.unreadable(Self.fullName) }
            status = Int32(truncatingIfNeeded: value)
        }
    }

    func encode(into buffer: inout ByteBuffer) {
        var writer = WireWriter()
        if status != 0 { writer.write(UInt64(bitPattern: Int64(status)), field: 1) }
        buffer.writeBytes(writer.bytes)
    }
}

extension HealthCheckResponse {
    private static let names: [(String, Int32)] = [
        ("UNKNOWN", 0), ("SERVING", 1), ("NOT_SERVING", 2), ("SERVICE_UNKNOWN", 3),
    ]

    init(json: JSONValue) throws(ProtobufError) {
        for member in try JSONCoding.members(json, Self.fullName) {
            guard member.name == "status" else { throw JSONCoding.unknown(member.name, Self.fullName) }
            status = try JSONCoding.enumeration(member.value, member.name, names: Self.names) { $0 }
        }
    }

    var json: JSONValue {
        guard status != 0 else { return .members([]) }
        let name = Self.names.first { $0.1 == status }?.0
        return .members([("status", name.map { .string($0) } ?? .integer(Int64(status)))])
    }
}
