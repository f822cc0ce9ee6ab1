/// A bencoded value (BEP 3).
package enum BencodeValue: Hashable, Sendable {
    case integer(Int64), string([UInt8]), list([BencodeValue]), dictionary([[UInt8]: BencodeValue])

    /// A string of the text's UTF-8.
    package static func text(_ text: String) -> BencodeValue { .string(Array(text.utf8)) }

    /// A dictionary with text keys.
    package static func fields(_ fields: [String: BencodeValue]) -> BencodeValue {
        .dictionary(Dictionary(uniqueKeysWithValues: fields.map { (Array($0.key.utf8), $0.value) }))
    }

    /// The number, where it is one.
    package var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
    /// The bytes of a string, where it is one.
    package var bytes: [UInt8]? { if case .string(let value) = self { value } else { nil } }
    /// The text of a string that is valid UTF-8.
    package var text: String? { bytes.flatMap { String(validating: $0, as: UTF8.self) } }
    /// The elements, where it is a list.
    package var list: [BencodeValue]? { if case .list(let value) = self { value } else { nil } }
    /// The entries, where it is a dictionary.
    package var dictionary: [[UInt8]: BencodeValue]? { if case .dictionary(let value) = self { value } else { nil } }
    /// The entry under a text key, where it is a dictionary that has it.
    package subscript(key key: String) -> BencodeValue? { dictionary?[Array(key.utf8)] }

    /// The one canonical encoding: keys sorted as raw bytes.
    package var encoded: [UInt8] {
        var output: [UInt8] = []
        encode(into: &output)
        return output
    }

    /// Appends the encoding.
    package func encode(into output: inout [UInt8]) {
        switch self {
        case .integer(let value):
            output.append(contentsOf: "i\(value)e".utf8)
        case .string(let bytes):
            Self.encode(string: bytes, into: &output)
        case .list(let values):
            output.append(UInt8(ascii: "l"))
            for value in values { value.encode(into: &output) }
            output.append(UInt8(ascii: "e"))
        case .dictionary(let entries):
            output.append(UInt8(ascii: "d"))
            for (key, value) in entries.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                Self.encode(string: key, into: &output)
                value.encode(into: &output)
            }
            output.append(UInt8(ascii: "e"))
        }
    }

    private static func encode(string: [UInt8], into output: inout [UInt8]) {
        output.append(contentsOf: "\(string.count):".utf8)
        output.append(contentsOf: string)
    }

    /// Reads one value that takes up all of `bytes`.
    package init(decoding bytes: [UInt8]) throws(BencodeError) {
        var parser = BencodeParser(bytes)
        self = try parser.value()
        guard parser.isAtEnd else { throw .trailingBytes }
    }
}
