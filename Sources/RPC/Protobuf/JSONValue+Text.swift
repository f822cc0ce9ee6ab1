extension JSONValue {
    /// The value as compact JSON text.
    package var text: String {
        var text = ""
        write(into: &text, indentation: nil)
        return text
    }

    /// The value as indented JSON text.
    package var prettyText: String {
        var text = ""
        write(into: &text, indentation: 0)
        return text
    }

    private func write(into text: inout String, indentation: Int?) {
        switch self {
        case .null: text += "null"
        case .boolean(let value): text += value ? "true" : "false"
        case .integer(let value): text += "\(value)"
        case .number(let value):
            text += value.isFinite ? "\(value)" : "\"\(value.isNaN ? "NaN" : value > 0 ? "Infinity" : "-Infinity")\""
        case .string(let value): Self.write(value, into: &text)
        case .array(let values):
            Self.write("[", "]", values.count, into: &text, indentation) { index, text, inner in
                values[index].write(into: &text, indentation: inner)
            }
        case .object(let members):
            Self.write("{", "}", members.count, into: &text, indentation) { index, text, inner in
                Self.write(members[index].name, into: &text)
                text += inner == nil ? ":" : ": "
                members[index].value.write(into: &text, indentation: inner)
            }
        }
    }

    private static func write(
        _ open: String,
        _ close: String,
        _ count: Int,
        into text: inout String,
        _ indentation: Int?,
        element: (Int, inout String, Int?) -> Void
    ) {
        text += open
        let inner = indentation.map { $0 + 1 }
        for index in 0..<count {
            if index > 0 { text += "," }
            if let inner { text += "\n" + String(repeating: "  ", count: inner) }
            element(index, &text, inner)
        }
        if let indentation, count > 0 { text += "\n" + String(repeating: "  ", count: indentation) }
        text += close
    }

    private static func write(_ string: String, into text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{0}"..."\u{1F}", "\u{7F}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
