/// Writes the command line of a proto file's services: a command for each public method that users can call from a
/// shell, out of the proto alone.
struct CommandEmitter {
    let file: ProtoFile
    let all: [ProtoFile]

    /// Messages inside each other that still become flags.
    private static let maximumDepth = 3
    /// Flags of every command; a field of that name gets another.
    private static let reserved: Set<String> = ["output", "server", "columns", "from-file", "watch", "help"]

    func emit() -> String {
        var source = SourceText(from: file.name, imports: [])
        source.block("extension GeneratedCommands") { source in
            source.comment([], otherwise: "The commands of the services in `\(file.name)`.")
            source.line("static let \(Names.json(file.stem)): [CommandDescription] = [")
            source.indented { source in
                for route in RouteEmitter.routes(file, all) { emit(route, &source) }
            }
            source.line("]")
        }
        return source.text
    }

    private func emit(_ route: PathRoute, _ source: inout SourceText) {
        source.line("CommandDescription(")
        source.indented { source in
            source.line("noun: \"\(route.noun)\",")
            source.line("verb: \"\(route.commandVerb)\",")
            source.line("summary: \(literal(route.method.comment)),")
            if let resource = route.resourceField { source.line("resource: \"\(Names.json(resource.name))\",") }
            source.line("flags: [")
            source.indented { source in
                for flag in flags(of: route) { source.line(flag + ",") }
            }
            source.line("],")
            let columns = columns(of: route)
            if !columns.isEmpty {
                source.line("columns: [")
                source.indented { source in
                    for column in columns { source.line(column + ",") }
                }
                source.line("],")
            }
            if let watch = watch(of: route) {
                source.line("watch: .serverStreaming(\(reference(watch, route.service))),")
            }
            let call = route.method.serverStreams ? "serverStreaming" : "unary"
            source.line("call: .\(call)(\(reference(route.method, route.service)))")
        }
        source.line("),")
    }

    private func reference(_ method: ProtoService.Method, _ service: ProtoService) -> String {
        "\(service.name)Client.Methods.\(Names.function(method.name))"
    }

    /// The method that follows what a get shows: the same request, a stream of answers.
    private func watch(of route: PathRoute) -> ProtoService.Method? {
        guard route.verb == "get", route.part.isEmpty else { return nil }
        let inputs = PathRoute.message(route.method.input, all)?.fields.map(\.name)
        return route.service.methods.first { method in
            method.serverStreams && !method.clientStreams && method.isPublic
                && Names.words(method.name) == ["watch"] + route.resource
                && PathRoute.message(method.input, all)?.fields.map(\.name) == inputs
        }
    }

    // MARK: Columns

    /// The single values of what is listed, in the order of the proto.
    private func columns(of route: PathRoute) -> [String] {
        let listed = PathRoute.message(route.method.output, all)?.fields.first { field in
            guard case .message(let type) = field.kind else { return false }
            return field.isRepeated && PathRoute.message(type, all)?.isMapEntry == false
        }
        guard case .message(let type)? = listed?.kind, let message = PathRoute.message(type, all) else { return [] }
        return message.fields.compactMap { field in
            guard !field.isRepeated, field.oneof == nil else { return nil }
            let format: String
            switch field.kind {
            case .message("google.protobuf.Duration"), .message("google.protobuf.Timestamp"): format = ""
            case .message, .bytes: return nil
            case .enumeration(let name): format = ", .choice(prefix: \"\(prefix(of: name))\")"
            default: format = isSize(field) ? ", .size" : ""
            }
            return "TableColumn(\"\(Names.json(field.name))\"\(format))"
        }
    }

    private func prefix(of enumeration: String) -> String {
        let type = enumeration.split(separator: ".").last.map(String.init) ?? ""
        return Names.snake(type).uppercased() + "_"
    }

    // MARK: Flags

    private func flags(of route: PathRoute) -> [String] {
        guard let message = PathRoute.message(route.method.input, all) else { return [] }
        return message.fields.flatMap { field -> [String] in
            // The resource of a create method is the command's own: its fields become flags without a prefix.
            if case .message(let type) = field.kind, field == route.resourceField {
                return flags(type, Place(path: [field]))
            }
            return flags(field, Place(), message)
        }
    }

    /// Where a field stands.
    private struct Place {
        var path: [ProtoField] = []
        var prefix: [String] = []
        var members: [String] = []
    }

    private func flags(_ type: String, _ place: Place) -> [String] {
        guard let message = PathRoute.message(type, all), place.path.count <= Self.maximumDepth else { return [] }
        return message.fields.flatMap { flags($0, place, message) }
    }

    private func flags(_ field: ProtoField, _ place: Place, _ message: ProtoMessage) -> [String] {
        guard !field.isOutputOnly else { return [] }
        var inner = place
        inner.path.append(field)
        inner.prefix.append(field.name.replacing("_", with: "-"))
        if let oneof = field.oneof {
            let group = (place.prefix + [message.oneofs[oneof].name]).joined(separator: ".")
            inner.members.append(
                "OneofMember(group: \"\(group)\", member: \"\(field.name.replacing("_", with: "-"))\")"
            )
        }
        guard let kind = kind(field) else {
            guard case .message(let type) = field.kind else { return [] }
            return flags(type, inner)
        }
        var name = inner.prefix.joined(separator: "-")
        if Self.reserved.contains(name) { name += "-field" }
        let path = inner.path.map { "\"\(Names.json($0.name))\"" }.joined(separator: ", ")
        var arguments = "\"\(name)\", [\(path)], \(kind)"
        if field.isRepeated, kind != ".map" { arguments += ", isRepeated: true" }
        if field.name == "name", place.prefix.isEmpty { arguments += ", isPositional: true" }
        if !inner.members.isEmpty { arguments += ", members: [\(inner.members.joined(separator: ", "))]" }
        return ["FlagDescription(\(arguments), help: \(literal(field.comment)))"]
    }

    /// How a field is written as one flag; nil where its own fields become flags.
    private func kind(_ field: ProtoField) -> String? {
        switch field.kind {
        case .boolean: return ".boolean"
        case .string: return ".string"
        case .bytes: return ".file"
        case .int32, .int64, .uint32, .uint64: return isSize(field) ? ".size" : ".integer"
        case .double, .float: return ".number"
        case .enumeration(let type): return ".choice([\(choices(type).joined(separator: ", "))])"
        case .message("google.protobuf.Duration"): return ".duration"
        case .message("google.protobuf.Timestamp"): return ".time"
        case .message(let type):
            guard field.isRepeated, let inner = PathRoute.message(type, all) else { return nil }
            if inner.isMapEntry, case .message = inner.fields.last?.kind { return ".json" }
            if inner.isMapEntry { return ".map" }
            return inner.fields.map(\.name) == ["key", "value"] ? ".pair" : ".json"
        }
    }

    private func choices(_ type: String) -> [String] {
        let values = all.flatMap(\.enums).first { $0.fullName == type }?.values ?? []
        let prefix = prefix(of: type)
        return values.filter { $0.number != 0 }.map { value in
            let short = value.name.hasPrefix(prefix) ? String(value.name.dropFirst(prefix.count)) : value.name
            let name = short.lowercased().replacing("_", with: "-")
            return "FlagChoice(\"\(name)\", \"\(value.name)\", help: \(literal(value.comment)))"
        }
    }

    /// Whether a number counts bytes: its name or its comment says so.
    private func isSize(_ field: ProtoField) -> Bool {
        let words = field.name.split(separator: "_").map(String.init)
        let comment = field.comment.joined(separator: " ").lowercased()
        return words.contains("bytes") || comment.contains("in bytes") || comment.hasPrefix("bytes ")
            || comment.contains(" bytes per second")
    }

    private func literal(_ comment: [String]) -> String {
        let text = comment.joined(separator: " ").replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return "\"\(text)\""
    }
}
