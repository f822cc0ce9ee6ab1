internal import CProtobufC

/// Walks packed bytes by protobuf-c's descriptors and refuses what protobuf-c lets through: strings that are not UTF-8
/// or hold a NUL, and messages nested too deep.
@safe enum ProtobufTextCheck {
    static let maximumDepth = 32

    static func check(
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ descriptor: UnsafePointer<ProtobufCMessageDescriptor>?,
        _ name: String,
        depth: Int = 0
    ) throws(ProtobufError) {
        guard depth < maximumDepth else { throw ProtobufError("a \(name) is nested too deep") }
        guard let descriptor = unsafe descriptor else { return }
        var at = 0
        while at < bytes.count {
            let key = try unsafe varint(bytes, &at, name)
            switch key & 7 {
            case 0: _ = try unsafe varint(bytes, &at, name)
            case 1: at += 8
            case 5: at += 4
            case 2:
                let length = try unsafe varint(bytes, &at, name)
                guard length <= UInt64(bytes.count - at) else { throw ProtobufError.unreadable(name) }
                let content = unsafe UnsafeBufferPointer(rebasing: bytes[at..<at + Int(length)])
                at += Int(length)
                guard key >> 3 <= UInt64(UInt32.max) else { throw ProtobufError.unreadable(name) }
                let number = UInt32(key >> 3)
                guard let field = unsafe protobuf_c_message_descriptor_get_field(descriptor, number) else { continue }
                if unsafe field.pointee.type == PROTOBUF_C_TYPE_STRING {
                    guard unsafe !content.contains(0), unsafe String(validating: content, as: UTF8.self) != nil else {
                        throw ProtobufError("a string of \(name) is not UTF-8, or holds a NUL")
                    }
                } else if unsafe field.pointee.type == PROTOBUF_C_TYPE_MESSAGE {
                    let inner = unsafe field.pointee.descriptor?.assumingMemoryBound(
                        to: ProtobufCMessageDescriptor.self
                    )
                    try unsafe check(content, inner, name, depth: depth + 1)
                }
            default: throw ProtobufError.unreadable(name)
            }
        }
        guard at == bytes.count else { throw ProtobufError.unreadable(name) }
    }

    private static func varint(
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ at: inout Int,
        _ name: String
    ) throws(ProtobufError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard at < bytes.count else { break }
            let byte = unsafe bytes[at]
            at += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw ProtobufError.unreadable(name)
    }
}
