/// A JSON document as it is written: members keep their order.
indirect enum DocumentNode {
    case text(String)
    case number(Int64)
    case flag(Bool)
    case list([DocumentNode])
    case object([(String, DocumentNode)])

    /// The document, indented, with a line end.
    var rendered: String {
        var text = ""
        write(into: &text, depth: 0)
        return text + "\n"
    }

    private func write(into text: inout String, depth: Int) {
        let inner = String(repeating: "  ", count: depth + 1)
        let outer = String(repeating: "  ", count: depth)
        switch self {
        case .text(let value): text += Self.quoted(value)
        case .number(let value): text += "\(value)"
        case .flag(let value): text += "\(value)"
        case .list(let values):
            if values.isEmpty { return text += "[]" }
            text += "[\n"
            for (index, value) in values.enumerated() {
                text += inner
                value.write(into: &text, depth: depth + 1)
                text += index < values.count - 1 ? ",\n" : "\n"
            }
            text += outer + "]"
        case .object(let members):
            if members.isEmpty { return text += "{}" }
            text += "{\n"
            for (index, member) in members.enumerated() {
                text += inner + Self.quoted(member.0) + ": "
                member.1.write(into: &text, depth: depth + 1)
                text += index < members.count - 1 ? ",\n" : "\n"
            }
            text += outer + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
