internal import NIOCore

/// Reads the fields of one serialized protobuf message. Health, reflection and the descriptors that reflection
/// indexes are messages this module needs before any are generated, so it reads those few by hand.
struct WireReader {
    /// One field's value as the wire has it.
    enum Value: Hashable {
        case varint(UInt64)
        case bytes([UInt8])
        /// Fixed-width values: no message read here has any, so only their width matters.
        case skipped

        var text: String? {
            guard case .bytes(let bytes) = self else { return nil }
            return String(validating: bytes, as: UTF8.self)
        }
        var number: UInt64? {
            guard case .varint(let number) = self else { return nil }
            return number
        }
        var bytes: [UInt8]? {
            guard case .bytes(let bytes) = self else { return nil }
            return bytes
        }
    }
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        self.rest = bytes[...]
    }

    /// Every field in order, or nil where the bytes are not a message.
    static func fields(_ bytes: [UInt8]) -> [(number: UInt64, value: Value)]? {
        var reader = WireReader(bytes)
        var fields: [(UInt64, Value)] = []
        while !reader.rest.isEmpty {
            guard let key = reader.varint(), key >> 3 > 0, let value = reader.value(type: key & 7) else { return nil }
            fields.append((key >> 3, value))
        }
        return fields
    }

    /// The text of one field; "" where it is not there, as proto3 has it.
    static func text(_ number: UInt64, of bytes: [UInt8]) -> String {
        for field in fields(bytes) ?? [] where field.number == number {
            if let text = field.value.text { return text }
        }
        return ""
    }

    /// The number of one field; 0 where it is not there.
    static func number(_ number: UInt64, of bytes: [UInt8]) -> UInt64 {
        for field in fields(bytes) ?? [] where field.number == number {
            if let number = field.value.number { return number }
        }
        return 0
    }

    private mutating func value(type: UInt64) -> Value? {
        switch type {
        case 0: return varint().map { .varint($0) }
        case 1: return take(8).map { _ in .skipped }
        case 2:
            guard let length = varint(), length <= UInt64(rest.count) else { return nil }
            return take(Int(length)).map { .bytes($0) }
        case 5: return take(4).map { _ in .skipped }
        default: return nil  // groups are gone from proto3
        }
    }

    private mutating func varint() -> UInt64? {
        var number: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            number |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return number }
        }
        return nil
    }

    private mutating func take(_ count: Int) -> [UInt8]? {
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }
}

extension WireReader {
    /// Every field in order; throws for bytes that are not a message.
    static func fields(_ buffer: ByteBuffer, of name: String) throws(ProtobufError) -> [(number: UInt64, value: Value)]
    {
        guard let fields = fields(Array(buffer.readableBytesView)) else { throw ProtobufError.unreadable(name) }
        return fields
    }
}

extension WireReader.Value {
    /// The text, or the error that says which message lacks it.
    func requiredText(of name: String) throws(ProtobufError) -> String {
        guard let text else { throw ProtobufError.unreadable(name) }
        return text
    }
}
