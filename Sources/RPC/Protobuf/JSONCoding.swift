/// Proto3's canonical JSON for single values: what generated code calls.
package enum JSONCoding {
    package static func members(
        _ json: JSONValue,
        _ name: String
    ) throws(ProtobufError) -> [JSONMember] {
        guard case .object(let members) = json else { throw ProtobufError("a \(name) is a JSON object") }
        return members.filter { $0.value != .null }
    }

    package static func unknown(_ field: String, _ name: String) -> ProtobufError {
        ProtobufError("a \(name) has no field \(field)")
    }

    /// A second member of a oneof.
    package static func second(_ field: String, _ name: String) -> ProtobufError {
        ProtobufError("a \(name) has \(field) and another of the same choice")
    }

    /// The entries of a map; keys of numbers and truth values stand as text in JSON.
    package static func map<Entry>(
        _ json: JSONValue,
        _ field: String,
        _ entry: (_ key: JSONValue, _ value: JSONValue, String) throws(ProtobufError) -> Entry
    ) throws(ProtobufError) -> [Entry] {
        guard case .object(let members) = json else { throw ProtobufError("\(field) is an object") }
        var read: [Entry] = []
        for member in members {
            let key = member.name
            do throws(ProtobufError) {
                read.append(try entry(.string(key), member.value, field))
            } catch {
                guard key == "true" || key == "false" else { throw error }
                read.append(try entry(.boolean(key == "true"), member.value, field))
            }
        }
        return read
    }

    package static func string(_ json: JSONValue, _ field: String) throws(ProtobufError) -> String {
        guard case .string(let text) = json else { throw ProtobufError("\(field) is a string") }
        guard !text.utf8.contains(0) else { throw ProtobufError("\(field) holds a NUL") }
        return text
    }

    package static func boolean(_ json: JSONValue, _ field: String) throws(ProtobufError) -> Bool {
        guard case .boolean(let value) = json else { throw ProtobufError("\(field) is true or false") }
        return value
    }

    /// 64-bit integers come as strings or numbers, 32-bit ones too.
    package static func integer<Value: FixedWidthInteger>(
        _ json: JSONValue,
        _ field: String
    ) throws(ProtobufError) -> Value {
        let value: Value? =
            switch json {
            case .integer(let integer): Value(exactly: integer)
            case .number(let number): Value(exactly: number)
            case .string(let text): Value(text)
            default: nil
            }
        guard let value else { throw ProtobufError("\(field) is a whole number from \(Value.min) to \(Value.max)") }
        return value
    }

    package static func double(_ json: JSONValue, _ field: String) throws(ProtobufError) -> Double {
        switch json {
        case .integer(let integer): return Double(integer)
        case .number(let number): return number
        case .string(let text):
            guard let number = Double(text) else { break }
            return number
        default: break
        }
        throw ProtobufError("\(field) is a number")
    }

    /// A number that fits; what a `double` alone can hold is refused.
    package static func float(_ json: JSONValue, _ field: String) throws(ProtobufError) -> Float {
        let number = try double(json, field)
        guard Float(number).isFinite || !number.isFinite else { throw ProtobufError("\(field) is too large a number") }
        return Float(number)
    }

    /// Standard or URL-safe base64, padded or not.
    package static func bytes(_ json: JSONValue, _ field: String) throws(ProtobufError) -> [UInt8] {
        guard case .string(let text) = json else { throw ProtobufError("\(field) is base64") }
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for byte in text.utf8 where byte != UInt8(ascii: "=") {
            let value: UInt8
            switch byte {
            case 65...90: value = byte - 65
            case 97...122: value = byte - 71
            case 48...57: value = byte + 4
            case UInt8(ascii: "+"), UInt8(ascii: "-"): value = 62
            case UInt8(ascii: "/"), UInt8(ascii: "_"): value = 63
            default: throw ProtobufError("\(field) is base64")
            }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        // One character that is left over, or padding that is not at the end, comes from no encoder.
        let padding = text.utf8.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        let digits = text.utf8.count { $0 != UInt8(ascii: "=") }
        guard digits % 4 != 1, digits + padding == text.utf8.count, padding == 0 || (digits + padding) % 4 == 0 else {
            throw ProtobufError("\(field) is base64")
        }
        return bytes
    }

    /// An enum value by name or number.
    package static func enumeration<Value>(
        _ json: JSONValue,
        _ field: String,
        names: [(String, Int32)],
        make: (Int32) -> Value
    ) throws(ProtobufError) -> Value {
        switch json {
        case .integer(let number):
            if let number = Int32(exactly: number) { return make(number) }
        case .string(let name):
            if let found = names.first(where: { $0.0 == name }) { return make(found.1) }
        default: break
        }
        throw ProtobufError("\(field) is one of \(names.map(\.0).joined(separator: ", "))")
    }

    package static func array<Value>(
        _ json: JSONValue,
        _ field: String,
        _ element: (JSONValue, String) throws(ProtobufError) -> Value
    ) throws(ProtobufError) -> [Value] {
        guard case .array(let values) = json else { throw ProtobufError("\(field) is an array") }
        var read: [Value] = []
        for value in values { read.append(try element(value, field)) }
        return read
    }

    package static func json(_ value: UInt64) -> JSONValue { .string("\(value)") }
    package static func json(_ value: Int64) -> JSONValue { .string("\(value)") }
    package static func json(_ value: UInt32) -> JSONValue { .integer(Int64(value)) }
    package static func json(_ value: Int32) -> JSONValue { .integer(Int64(value)) }
    package static func json(_ value: Bool) -> JSONValue { .boolean(value) }
    package static func json(_ value: Double) -> JSONValue { .number(value) }
    /// The shortest decimal number that is this one among those of 32 bits.
    package static func json(_ value: Float) -> JSONValue { .number(Double("\(value)") ?? Double(value)) }
    package static func json(_ value: String) -> JSONValue { .string(value) }

    package static func json(_ bytes: [UInt8]) -> JSONValue {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let rest = bytes[index..<min(index + 3, bytes.count)]
            let group = rest.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - rest.count))
            for digit in 0..<4 {
                let value = Int(group >> UInt32(18 - 6 * digit)) & 63
                text.append(digit <= rest.count ? digits[value] : UInt8(ascii: "="))
            }
            index += 3
        }
        return .string(String(decoding: text, as: UTF8.self))
    }
}
