internal import RPC

extension JSONValue {
    /// The value as a YAML 1.2 document in block style.
    package var yaml: String {
        var text = ""
        writeYAML(into: &text, depth: 0)
        return text
    }

    private func writeYAML(into text: inout String, depth: Int) {
        let indentation = String(repeating: "  ", count: depth)
        switch self {
        case .object(let members) where !members.isEmpty:
            for member in members {
                text += indentation + Self.scalar(member.name) + ":"
                member.value.writeBehind(into: &text, depth: depth + 1)
            }
        case .array(let values) where !values.isEmpty:
            for value in values {
                if case .object(let members) = value, !members.isEmpty {
                    var inner = ""
                    value.writeYAML(into: &inner, depth: depth + 1)
                    text += indentation + "- " + inner.dropFirst(indentation.count + 2)
                } else {
                    text += indentation + "-"
                    value.writeBehind(into: &text, depth: depth + 1)
                }
            }
        default: text += indentation + inline + "\n"
        }
    }

    /// What stands behind a colon or a dash.
    private func writeBehind(into text: inout String, depth: Int) {
        switch self {
        case .object(let members) where !members.isEmpty:
            text += "\n"
            writeYAML(into: &text, depth: depth)
        case .array(let values) where !values.isEmpty:
            text += "\n"
            writeYAML(into: &text, depth: depth)
        default: text += " " + inline + "\n"
        }
    }

    private var inline: String {
        if case .string(let value) = self { return Self.scalar(value) }
        return self.text
    }

    /// Plain where nobody can take it for anything but this text; else in double quotes, as JSON has it.
    private static func scalar(_ value: String) -> String {
        let isPlain =
            value.first.map { $0.isASCII && $0.isLetter || $0 == "/" } ?? false
            && value.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./+".contains($0)) }
        let words: Set<String> = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"]
        return isPlain && !words.contains(value.lowercased()) ? value : JSONValue.string(value).text
    }
}
