/// Reads JSON text (RFC 8259), strictly, within limits.
package struct JSONParser {
    /// Values inside each other at most.
    package static let maximumDepth = 64
    /// Text at most, in bytes.
    package static let maximumSize = 64 << 20

    private let bytes: [UInt8]
    private var at = 0

    /// Parses one value; throws where the text is anything else.
    package static func parse(_ text: String) throws(ProtobufError) -> JSONValue { try parse(Array(text.utf8)) }

    /// Parses one value out of UTF-8 bytes.
    package static func parse(_ bytes: [UInt8]) throws(ProtobufError) -> JSONValue {
        guard bytes.count <= maximumSize else { throw ProtobufError("the JSON text is too large") }
        var parser = JSONParser(bytes: bytes)
        let value = try parser.value(depth: 0)
        parser.skipSpace()
        guard parser.at == bytes.count else { throw parser.failure("text behind the value") }
        return value
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    private func failure(_ what: String) -> ProtobufError { ProtobufError("invalid JSON at byte \(at): \(what)") }

    private mutating func skipSpace() {
        while let byte = next, byte == 32 || byte == 9 || byte == 10 || byte == 13 { at += 1 }
    }

    private mutating func expect(_ text: StaticString) throws(ProtobufError) {
        for byte in "\(text)".utf8 {
            guard next == byte else { throw failure("\(text) was expected") }
            at += 1
        }
    }

    private mutating func value(depth: Int) throws(ProtobufError) -> JSONValue {
        guard depth < Self.maximumDepth else { throw failure("nested too deep") }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try object(depth)
        case UInt8(ascii: "["): return try array(depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"):
            try expect("true")
            return .boolean(true)
        case UInt8(ascii: "f"):
            try expect("false")
            return .boolean(false)
        case UInt8(ascii: "n"):
            try expect("null")
            return .null
        default: return try number()
        }
    }

    private mutating func object(_ depth: Int) throws(ProtobufError) -> JSONValue {
        at += 1
        var members: [JSONMember] = []
        var names: Set<String> = []
        skipSpace()
        if next == UInt8(ascii: "}") {
            at += 1
            return .object([])
        }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw failure("a member name was expected") }
            let name = try string()
            guard names.insert(name).inserted else { throw failure("\(name) stands twice") }
            skipSpace()
            try expect(":")
            members.append(JSONMember(name: name, value: try value(depth: depth + 1)))
            skipSpace()
            guard next == UInt8(ascii: ",") else { break }
            at += 1
        }
        try expect("}")
        return .object(members)
    }

    private mutating func array(_ depth: Int) throws(ProtobufError) -> JSONValue {
        at += 1
        var values: [JSONValue] = []
        skipSpace()
        if next == UInt8(ascii: "]") {
            at += 1
            return .array([])
        }
        while true {
            values.append(try value(depth: depth + 1))
            skipSpace()
            guard next == UInt8(ascii: ",") else { break }
            at += 1
        }
        try expect("]")
        return .array(values)
    }

    private mutating func number() throws(ProtobufError) -> JSONValue {
        let start = at
        if next == UInt8(ascii: "-") { at += 1 }
        let digitsStart = at
        while let byte = next, (48...57).contains(byte) { at += 1 }
        guard at > digitsStart, bytes[digitsStart] != 48 || at == digitsStart + 1 else { throw failure("not a value") }
        var isWhole = true
        if next == UInt8(ascii: ".") {
            isWhole = false
            at += 1
            try digits()
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            isWhole = false
            at += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { at += 1 }
            try digits()
        }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        if isWhole, let integer = Int64(text) { return .integer(integer) }
        guard let number = Double(text), number.isFinite else { throw failure("a number out of range") }
        return .number(number)
    }

    private mutating func digits() throws(ProtobufError) {
        let start = at
        while let byte = next, (48...57).contains(byte) { at += 1 }
        guard at > start else { throw failure("a digit was expected") }
    }

    private mutating func string() throws(ProtobufError) -> String {
        at += 1
        var text: [UInt8] = []
        while let byte = next {
            at += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else { throw failure("not UTF-8") }
                return string
            case UInt8(ascii: "\\"): text += Array(String(try escape()).utf8)
            case 0..<32: throw failure("a control character in a string")
            default: text.append(byte)
            }
        }
        throw failure("a string without an end")
    }

    private mutating func escape() throws(ProtobufError) -> Unicode.Scalar {
        guard let byte = next else { throw failure("an escape without an end") }
        at += 1
        switch byte {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            let high = try codeUnit()
            if let scalar = Unicode.Scalar(high) { return scalar }
            guard (0xD800..<0xDC00).contains(high) else { throw failure("a lone surrogate") }
            try expect("\\u")
            let low = try codeUnit()
            guard (0xDC00..<0xE000).contains(low),
                let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
            else { throw failure("a lone surrogate") }
            return scalar
        default: throw failure("an unknown escape")
        }
    }

    private mutating func codeUnit() throws(ProtobufError) -> UInt32 {
        guard at + 4 <= bytes.count, let value = UInt32(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16)
        else { throw failure("four hexadecimal digits were expected") }
        at += 4
        return value
    }
}
