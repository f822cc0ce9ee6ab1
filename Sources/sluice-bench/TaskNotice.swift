import NIOCore

/// The two fields of a task message that an agent acknowledges, read without decoding the work.
struct TaskNotice: Equatable {
    let task: String
    let revision: UInt64

    /// Nil where the message is no `ConnectResponse` with a task (field 2).
    init?(_ message: ByteBuffer) {
        var message = message
        guard message.readInteger(as: UInt8.self) == 0x12, let length = Self.readVarint(&message),
            var body = message.readSlice(length: Int(length))
        else { return nil }
        var task: String?
        var revision: UInt64?
        while task == nil || revision == nil {
            guard let key = Self.readVarint(&body) else { return nil }
            switch (key >> 3, key & 7) {
            case (1, 2):
                guard let length = Self.readVarint(&body) else { return nil }
                task = body.readString(length: Int(length))
            case (2, 0): revision = Self.readVarint(&body)
            default: return nil  // fields come in order from every encoder there is
            }
        }
        guard let task, let revision else { return nil }
        self.task = task
        self.revision = revision
    }

    private static func readVarint(_ bytes: inout ByteBuffer) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard let byte = bytes.readInteger(as: UInt8.self) else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
        }
        return nil
    }
}
