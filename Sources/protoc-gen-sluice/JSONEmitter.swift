/// Writes the canonical proto3 JSON mapping of a proto file's messages.
struct JSONEmitter {
    let file: ProtoFile
    /// Every file of the request, for the types that fields are of.
    let all: [ProtoFile]

    /// The entry of a field that is a map; nil for every other.
    private func entry(_ field: ProtoField) -> ProtoMessage? {
        guard field.isRepeated, case .message(let type) = field.kind else { return nil }
        return all.lazy.flatMap(\.messages).first { $0.fullName == type && $0.isMapEntry }
    }

    func emit() -> String {
        var source = SourceText(from: file.name, imports: ["package import RPC"])
        for message in file.messages {
            source.line()
            source.block("extension \(Names.type(message.fullName))") { source in
                emitWriting(message, &source)
                source.line()
                emitReading(message, &source)
            }
        }
        return source.text
    }

    private func emitWriting(_ message: ProtoMessage, _ source: inout SourceText) {
        source.comment([], otherwise: "Canonical proto3 JSON; fields at their default are left out.")
        source.block("package var json: JSONValue") { source in
            guard !message.fields.isEmpty else { return source.line(".object([])") }
            source.line("var members: [(String, JSONValue)] = []")
            for field in message.fields where field.oneof == nil {
                let property = "self." + Names.property(field.name)
                let name = Names.json(field.name)
                if let entry = entry(field), let inner = entry.fields.last {
                    let element = "(\"\\($0.key)\", \(value(of: inner, entryValue(inner))))"
                    source.line(
                        "if !\(property).isEmpty { members.append((\"\(name)\", .members(\(property).map { \(element) }))) }"
                    )
                    continue
                }
                switch (field.kind, field.isRepeated) {
                case (.message, false):
                    source.line("if let value = \(property) { members.append((\"\(name)\", value.json)) }")
                case (_, true):
                    let element = value(of: field, "$0")
                    source.line(
                        "if !\(property).isEmpty { members.append((\"\(name)\", .array(\(property).map { \(element) }))) }"
                    )
                case (.string, false), (.bytes, false):
                    source.line(
                        "if !\(property).isEmpty { members.append((\"\(name)\", JSONCoding.json(\(property)))) }"
                    )
                case (.boolean, false):
                    source.line("if \(property) { members.append((\"\(name)\", .boolean(true))) }")
                case (.enumeration, false):
                    source.line("if \(property).rawValue != 0 { members.append((\"\(name)\", \(property).json)) }")
                default:
                    source.line("if \(property) != 0 { members.append((\"\(name)\", JSONCoding.json(\(property)))) }")
                }
            }
            for (index, oneof) in message.oneofs.enumerated() {
                source.line("switch self.\(Names.property(oneof.name)) {")
                for field in message.fields where field.oneof == index {
                    let name = Names.property(field.name)
                    source.line(
                        "case .\(name)(let value)?: members.append((\"\(Names.json(field.name))\", \(value(of: field, "value"))))"
                    )
                }
                source.line("case nil: break")
                source.line("}")
            }
            source.line("return .members(members)")
        }
    }

    /// The value of a map's entry; one that is left out on the wire is a message without anything.
    private func entryValue(_ field: ProtoField) -> String {
        guard case .message(let type) = field.kind else { return "$0.value" }
        return "($0.value ?? \(Names.type(type))())"
    }

    private func value(of field: ProtoField, _ value: String) -> String {
        switch field.kind {
        case .message, .enumeration: "\(value).json"
        default: "JSONCoding.json(\(value))"
        }
    }

    private func emitReading(_ message: ProtoMessage, _ source: inout SourceText) {
        source.comment(
            [],
            otherwise: "Reads proto3 JSON, lowerCamelCase or original names; an unknown field is an error."
        )
        source.block("package init(json: JSONValue) throws(ProtobufError)") { source in
            source.line("self.init()")
            source.block("for member in try JSONCoding.members(json, Self.fullName)") { source in
                guard !message.fields.isEmpty else {
                    return source.line("throw JSONCoding.unknown(member.name, Self.fullName)")
                }
                source.line("let value = member.value")
                source.line("switch member.name {")
                for field in message.fields {
                    let names = Set([Names.json(field.name), field.name]).sorted().map { "\"\($0)\"" }
                    source.line("case \(names.joined(separator: ", ")):")
                    source.indented { source in
                        if let oneof = field.oneof {
                            let target = Names.property(message.oneofs[oneof].name)
                            source.line(
                                "guard self.\(target) == nil else { throw JSONCoding.second(member.name, Self.fullName) }"
                            )
                        }
                        source.line(assignment(field, message))
                    }
                }
                source.line("default: throw JSONCoding.unknown(member.name, Self.fullName)")
                source.line("}")
            }
        }
    }

    private func assignment(_ field: ProtoField, _ message: ProtoMessage) -> String {
        let name = Names.json(field.name)
        if let oneof = field.oneof {
            let target = Names.property(message.oneofs[oneof].name)
            return "self.\(target) = .\(Names.property(field.name))(\(read(field, "value", "\"\(name)\"")))"
        }
        let property = "self." + Names.property(field.name)
        if let entry = entry(field), let key = entry.fields.first, let inner = entry.fields.last {
            let type = Names.type(entry.fullName)
            let made = "(key, value, name) throws(ProtobufError) in"
            let members =
                "var made = \(type)(); made.key = \(read(key, "key", "name")); made.value = \(read(inner, "value", "name")); return made"
            return "\(property) = try JSONCoding.map(value, \"\(name)\") { \(made) \(members) }"
        }
        guard field.isRepeated else { return "\(property) = \(read(field, "value", "\"\(name)\""))" }
        return
            "\(property) = try JSONCoding.array(value, \"\(name)\") { (value, name) throws(ProtobufError) in \(read(field, "value", "name")) }"
    }

    private func read(_ field: ProtoField, _ value: String, _ name: String) -> String {
        switch field.kind {
        case .boolean: "try JSONCoding.boolean(\(value), \(name))"
        case .string: "try JSONCoding.string(\(value), \(name))"
        case .bytes: "try JSONCoding.bytes(\(value), \(name))"
        case .double: "try JSONCoding.double(\(value), \(name))"
        case .float: "try JSONCoding.float(\(value), \(name))"
        case .message(let type): "try \(Names.type(type))(json: \(value))"
        case .enumeration(let type):
            "try JSONCoding.enumeration(\(value), \(name), names: \(Names.type(type)).names) { \(Names.type(type))(rawValue: $0) }"
        default: "try JSONCoding.integer(\(value), \(name))"
        }
    }
}
