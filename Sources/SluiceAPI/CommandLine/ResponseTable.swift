package import RPC
internal import Units

/// Prints a response as people read it: a table for a list, lines of `field: value` for one resource.
package struct ResponseTable {
    private let columns: [TableColumn]
    private let chosen: [String]
    private let width: Int

    /// A printer of `columns`, as many as fit `width` characters; `chosen` names the only ones to print.
    package init(columns: [TableColumn] = [], chosen: [String] = [], width: Int = 120) {
        self.columns = columns
        self.chosen = chosen
        self.width = width
    }

    /// The text, with a line end behind each line.
    package func text(_ response: JSONValue) -> String {
        guard case .object(let members) = response else { return Self.json(response) + "\n" }
        let list = members.first { if case .array = $0.value { true } else { false } }
        let hasObject = members.contains { if case .object = $0.value { true } else { false } }
        if case .array(let rows)? = list?.value, !hasObject {
            let others = members.filter { member in
                member != list && member.name != "nextPageToken" && Self.scalar(member.value) != nil
            }
            let more = response["nextPageToken"].flatMap(Self.scalar).map { "There is more: --page-token \($0)\n" }
            return Self.lines(others, indentation: "") + table(rows) + (more ?? "")
        }
        // An answer without rows leaves the list out.
        if members.isEmpty, !columns.isEmpty { return table([]) }
        if members.count == 1, case .object(let inner) = members[0].value { return Self.lines(inner, indentation: "") }
        return Self.lines(members, indentation: "")
    }

    private func table(_ rows: [JSONValue]) -> String {
        var shown = columns
        if shown.isEmpty { shown = Self.fields(rows) }
        if !chosen.isEmpty {
            shown = chosen.map { name in
                shown.first { RequestTree.isSame($0.name, name.replacing("-", with: "")) } ?? TableColumn(name)
            }
        }
        guard !shown.isEmpty else { return rows.map { Self.json($0) + "\n" }.joined() }
        var cells = shown.map { column in rows.map { Self.cell($0, column) } }
        if chosen.isEmpty {
            // What no row has says nothing; what does not fit would break the lines.
            let kept = shown.indices.filter { index in rows.isEmpty || cells[index].contains { !$0.isEmpty } }
            (shown, cells) = (kept.map { shown[$0] }, kept.map { cells[$0] })
        }
        let heads = shown.map { Self.head($0.name) }
        let widths = shown.indices.map { index in max(heads[index].count, cells[index].map(\.count).max() ?? 0) }
        let visible = chosen.isEmpty ? fitting(shown, widths) : Array(shown.indices)
        let lines = [visible.map { heads[$0] }] + rows.indices.map { row in visible.map { cells[$0][row] } }
        return lines.map { line in
            var text = ""
            for (index, cell) in zip(visible, line) {
                text += cell
                text += String(repeating: " ", count: widths[index] - cell.count + 2)
            }
            while text.hasSuffix(" ") { text.removeLast() }
            return text + "\n"
        }.joined()
    }

    /// As many columns as a line holds: the name, then how things stand, then the others in their order. One that is too
    /// wide leaves its place to those behind it.
    private func fitting(_ shown: [TableColumn], _ widths: [Int]) -> [Int] {
        var rest = width
        var fitting: Set<Int> = []
        func add(_ index: Int) {
            guard fitting.isEmpty || widths[index] + 2 <= rest, !fitting.contains(index) else { return }
            rest -= fitting.isEmpty ? widths[index] : widths[index] + 2
            fitting.insert(index)
        }
        add(0)
        for index in shown.indices { if case .choice = shown[index].format { add(index) } }
        for index in shown.indices { add(index) }
        return fitting.sorted()
    }

    /// Every single value that a row has, for rows of which nothing is known.
    private static func fields(_ rows: [JSONValue]) -> [TableColumn] {
        var columns: [TableColumn] = []
        for case .object(let members) in rows {
            for member in members
            where scalar(member.value) != nil && !columns.contains(where: { $0.name == member.name }) {
                columns.append(TableColumn(member.name))
            }
        }
        return columns
    }

    private static func cell(_ row: JSONValue, _ column: TableColumn) -> String {
        var value: JSONValue? = row
        for name in column.name.split(separator: ".") { value = value?[String(name)] }
        guard let value else { return "" }
        guard let text = scalar(value) else { return json(value) }
        switch column.format {
        case .plain: return text
        case .size: return UInt64(text).map { "\(ByteCount($0))" } ?? text
        case .choice(let prefix):
            let short = text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text
            return short.lowercased().replacing("_", with: "-")
        }
    }

    /// `PIECE-LENGTH` of `pieceLength`.
    private static func head(_ name: String) -> String {
        var head = ""
        for character in PrintableText.escaped(name) {
            if character.isUppercase { head += "-" }
            head += character.uppercased()
        }
        return head
    }

    private static func lines(_ members: [JSONMember], indentation: String) -> String {
        members.map { member in
            // The keys of a map are anybody's text.
            let name = PrintableText.escaped(member.name)
            return switch member.value {
            case .object([]): "\(indentation)\(name): {}\n"
            case .object(let inner): "\(indentation)\(name):\n" + lines(inner, indentation: indentation + "  ")
            case .array(let values):
                "\(indentation)\(name):\n" + values.map { "\(indentation)  - \(json($0))\n" }.joined()
            default: "\(indentation)\(name): \(scalar(member.value) ?? "")\n"
            }
        }.joined()
    }

    private static func json(_ value: JSONValue) -> String { PrintableText.escapedJSON(value.text) }

    private static func scalar(_ value: JSONValue) -> String? {
        switch value {
        case .string(let text): PrintableText.escaped(text)
        case .integer(let number): "\(number)"
        case .number(let number): "\(number)"
        case .boolean(let value): value ? "yes" : "no"
        case .null: ""
        case .array, .object: nil
        }
    }
}
