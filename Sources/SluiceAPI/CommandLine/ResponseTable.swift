package import RPC

/// Prints a response as people read it: a table for a list, lines of `field: value` for one resource.
package enum ResponseTable {
    /// The text, with a line end behind each line.
    package static func text(_ response: JSONValue) -> String {
        guard case .object(let members) = response else { return response.text + "\n" }
        if let list = members.first(where: { if case .array = $0.value { true } else { false } }),
            case .array(let rows) = list.value,
            !members.contains(where: { if case .object = $0.value { true } else { false } })
        {
            return table(rows)
        }
        if members.count == 1, case .object(let inner) = members[0].value { return lines(inner, indentation: "") }
        return lines(members, indentation: "")
    }

    private static func table(_ rows: [JSONValue]) -> String {
        var columns: [String] = []
        for case .object(let members) in rows {
            for member in members where scalar(member.value) != nil && !columns.contains(member.name) {
                columns.append(member.name)
            }
        }
        guard !columns.isEmpty else { return rows.map { $0.text + "\n" }.joined() }
        let cells = [columns] + rows.map { row in columns.map { row[$0].flatMap(scalar) ?? "" } }
        let widths = columns.indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
        return cells.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                line += cell
                if column < row.count - 1 { line += String(repeating: " ", count: widths[column] - cell.count + 2) }
            }
            return line + "\n"
        }.joined()
    }

    private static func lines(_ members: [JSONMember], indentation: String) -> String {
        members.map { member in
            switch member.value {
            case .object(let inner): "\(indentation)\(member.name):\n" + lines(inner, indentation: indentation + "  ")
            case .array(let values):
                "\(indentation)\(member.name):\n" + values.map { "\(indentation)  - \($0.text)\n" }.joined()
            default: "\(indentation)\(member.name): \(scalar(member.value) ?? "")\n"
            }
        }.joined()
    }

    private static func scalar(_ value: JSONValue) -> String? {
        switch value {
        case .string(let text): text
        case .integer(let number): "\(number)"
        case .number(let number): "\(number)"
        case .boolean(let value): value ? "yes" : "no"
        case .null: ""
        case .array, .object: nil
        }
    }
}
