/// Writes messages and enums as JSON schemas.
struct SchemaEmitter {
    let all: [ProtoFile]

    /// The schemas of these messages and all they hold, by name.
    func components(_ roots: [String]) -> [(String, DocumentNode)] {
        var reached: Set<String> = []
        var waiting = roots
        while let name = waiting.popLast() {
            guard !name.hasPrefix("google.protobuf"), reached.insert(name).inserted else { continue }
            for field in PathRoute.message(name, all)?.fields ?? [] {
                if case .message(let inner) = field.kind { waiting.append(inner) }
                if case .enumeration(let inner) = field.kind { reached.insert(inner) }
            }
        }
        let messages = all.flatMap(\.messages).filter { reached.contains($0.fullName) && !$0.isMapEntry }
        let enums = all.flatMap(\.enums).filter { reached.contains($0.fullName) }
        let schemas =
            messages.map { (Names.type($0.fullName), schema($0)) }
            + enums.map { (Names.type($0.fullName), schema($0)) }
        return schemas.sorted { $0.0 < $1.0 }
    }

    func reference(_ name: String) -> DocumentNode {
        .object([("$ref", .text("#/components/schemas/\(Names.type(name))"))])
    }

    /// A field's schema, as the JSON of its message has it.
    func schema(of field: ProtoField) -> DocumentNode {
        var members: [(String, DocumentNode)] = []
        if !field.comment.isEmpty { members.append(("description", .text(field.comment.joined(separator: " ")))) }
        if field.isOutputOnly { members.append(("readOnly", .flag(true))) }
        if field.isRepeated, case .message(let type) = field.kind, let entry = PathRoute.message(type, all),
            entry.isMapEntry, let value = entry.fields.last
        {
            members += [("type", .text("object")), ("additionalProperties", .object(kind(value)))]
        } else if field.isRepeated {
            members += [("type", .text("array")), ("items", .object(kind(field)))]
        } else {
            members += kind(field)
        }
        return .object(members)
    }

    private func schema(_ message: ProtoMessage) -> DocumentNode {
        var members: [(String, DocumentNode)] = []
        if !message.comment.isEmpty { members.append(("description", .text(message.comment.joined(separator: " ")))) }
        members.append(("type", .text("object")))
        members.append(
            ("properties", .object(message.fields.map { (Names.json($0.name), schema(of: $0)) }))
        )
        members.append(("additionalProperties", .flag(false)))
        return .object(members)
    }

    private func schema(_ enumeration: ProtoEnum) -> DocumentNode {
        var lines = enumeration.comment
        for value in enumeration.values where !value.comment.isEmpty {
            lines.append("\(value.name): \(value.comment.joined(separator: " "))")
        }
        return .object([
            ("description", .text(lines.joined(separator: "\n"))), ("type", .text("string")),
            ("enum", .list(enumeration.values.map { .text($0.name) })),
        ])
    }

    private func kind(_ field: ProtoField) -> [(String, DocumentNode)] {
        switch field.kind {
        case .boolean: [("type", .text("boolean"))]
        case .string: [("type", .text("string"))]
        case .bytes: [("type", .text("string")), ("format", .text("byte"))]
        case .double, .float: [("type", .text("number"))]
        case .int32: integer(from: Int64(Int32.min), to: Int64(Int32.max))
        case .uint32: integer(from: 0, to: Int64(UInt32.max))
        // 64 bits are more than a JSON number keeps, so they are text. 18 digits are always in range.
        case .int64: [("type", .text("string")), ("format", .text("int64")), ("pattern", .text("^-?[0-9]{1,18}$"))]
        case .uint64: [("type", .text("string")), ("format", .text("uint64")), ("pattern", .text("^[0-9]{1,20}$"))]
        case .message("google.protobuf.Duration"):
            [
                ("type", .text("string")), ("pattern", .text("^-?[0-9]{1,12}(\\.[0-9]{1,9})?s$")),
                ("example", .text("30s")),
            ]
        case .message("google.protobuf.Timestamp"): [("type", .text("string")), ("format", .text("date-time"))]
        case .message(let type), .enumeration(let type):
            [("$ref", .text("#/components/schemas/\(Names.type(type))"))]
        }
    }

    private func integer(from least: Int64, to most: Int64) -> [(String, DocumentNode)] {
        [("type", .text("integer")), ("minimum", .number(least)), ("maximum", .number(most))]
    }
}
