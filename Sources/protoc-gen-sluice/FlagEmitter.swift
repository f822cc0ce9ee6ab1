internal import Units

/// Makes the flags of a command out of the fields of its method's request.
struct FlagEmitter {
    /// One flag as it is made.
    struct Flag {
        let name: String
        /// The fields that lead to what it sets.
        let path: [ProtoField]
        let text: String
    }
    /// Where a field stands.
    private struct Place {
        var path: [ProtoField] = []
        var prefix: [String] = []
        var members: [String] = []
    }

    let all: [ProtoFile]

    /// Every flag of a command, in the order of the proto.
    func flags(of route: PathRoute) -> [Flag] {
        guard let message = PathRoute.message(route.method.input, all) else { return [] }
        return message.fields.flatMap { field -> [Flag] in
            // The resource of a create method is the command's own: its fields become flags without a prefix.
            if case .message(let type) = field.kind, field == route.resourceField {
                return flags(type, Place(path: [field]))
            }
            return flags(field, Place(), message)
        }
    }

    /// Sentences for fields of a request that would be the same flag.
    func conflicts(_ route: PathRoute) -> [String] {
        var first: [String: String] = [:]
        return flags(of: route).compactMap { flag in
            let path = flag.path.map(\.name).joined(separator: ".")
            guard let other = first.updateValue(path, forKey: flag.name) else { return nil }
            let method = "\(route.service.name).\(route.method.name)"
            return "\(method): \(other) and \(path) would both be the flag --\(flag.name); rename one"
        }
    }

    private func flags(_ type: String, _ place: Place) -> [Flag] {
        guard let message = PathRoute.message(type, all) else { return [] }
        return message.fields.flatMap { flags($0, place, message) }
    }

    private func flags(_ field: ProtoField, _ place: Place, _ message: ProtoMessage) -> [Flag] {
        guard !field.isOutputOnly else { return [] }
        var inner = place
        inner.path.append(field)
        inner.prefix.append(field.name.replacing("_", with: "-"))
        if let oneof = field.oneof {
            let group = (place.path.map(\.name) + [message.oneofs[oneof].name]).joined(separator: ".")
            inner.members.append("OneofMember(\"\(group)\", [\(Self.json(inner.path))])")
        }
        let made = kind(field)
        if made == nil, case .message(let type) = field.kind {
            let flags = flags(type, inner)
            if !flags.isEmpty { return flags }
        }
        // What has no fields to set can still be there or not: that is all it says.
        let kind = made ?? ".presence"
        var name = inner.prefix.joined(separator: "-")
        if CommonFlagName(rawValue: name) != nil { name += "-field" }
        var arguments = "\"\(name)\", [\(Self.json(inner.path))], \(kind)"
        if field.isRepeated, !isMap(field) { arguments += ", isRepeated: true" }
        if field.name == "name", place.prefix.isEmpty { arguments += ", isPositional: true" }
        if !inner.members.isEmpty { arguments += ", members: [\(inner.members.joined(separator: ", "))]" }
        return [
            Flag(
                name: name,
                path: inner.path,
                text: "FlagDescription(\(arguments), help: \(Self.literal(field.comment)))"
            )
        ]
    }

    private static func json(_ path: [ProtoField]) -> String {
        path.map { "\"\(Names.json($0.name))\"" }.joined(separator: ", ")
    }

    private func isMap(_ field: ProtoField) -> Bool {
        guard field.isRepeated, case .message(let type) = field.kind else { return false }
        return PathRoute.message(type, all)?.isMapEntry ?? false
    }

    /// How a field is written as one flag; nil where its own fields become flags.
    private func kind(_ field: ProtoField) -> String? {
        guard field.isRepeated, case .message(let type) = field.kind, let inner = PathRoute.message(type, all) else {
            return kind(field.kind, isSize: Self.isSize(field))
        }
        if inner.isMapEntry, let value = inner.fields.last {
            return ".map(\(kind(value.kind, isSize: Self.isSize(field)) ?? ".json"))"
        }
        if let known = kind(field.kind, isSize: false) { return known }
        let isPair = inner.fields.map(\.name) == ["key", "value"] && inner.fields.allSatisfy { $0.kind == .string }
        return isPair ? ".pair" : ".json"
    }

    private func kind(_ kind: ProtoField.Kind, isSize: Bool) -> String? {
        switch kind {
        case .boolean: ".boolean"
        case .string: ".string"
        case .bytes: ".file"
        case .int32, .int64, .uint32, .uint64: isSize ? ".size" : ".integer"
        case .double, .float: ".number"
        case .enumeration(let type): ".choice([\(choices(type).joined(separator: ", "))])"
        case .message("google.protobuf.Duration"): ".duration"
        case .message("google.protobuf.Timestamp"): ".time"
        case .message: nil
        }
    }

    private func choices(_ type: String) -> [String] {
        let values = all.flatMap(\.enums).first { $0.fullName == type }?.values ?? []
        let prefix = Self.prefix(of: type)
        return values.filter { $0.number != 0 }.map { value in
            let short = value.name.hasPrefix(prefix) ? String(value.name.dropFirst(prefix.count)) : value.name
            let name = short.lowercased().replacing("_", with: "-")
            return "FlagChoice(\"\(name)\", \"\(value.name)\", help: \(Self.literal(value.comment)))"
        }
    }

    /// What the names of an enum's values begin with.
    static func prefix(of enumeration: String) -> String {
        let type = enumeration.split(separator: ".").last.map(String.init) ?? ""
        return Names.snake(type).uppercased() + "_"
    }

    /// Whether a number counts bytes: its name or its comment says so.
    static func isSize(_ field: ProtoField) -> Bool {
        let words = field.name.split(separator: "_").map(String.init)
        let comment = field.comment.joined(separator: " ").lowercased()
        return words.contains("bytes") || comment.contains("in bytes") || comment.hasPrefix("bytes ")
            || comment.contains(" bytes per second")
    }

    /// A comment as a string of Swift.
    static func literal(_ comment: [String]) -> String {
        let text = comment.joined(separator: " ").replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return "\"\(text)\""
    }
}
