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
