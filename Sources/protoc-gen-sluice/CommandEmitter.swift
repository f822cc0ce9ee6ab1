/// Writes the command line of a proto file's services: a command for each public method that users can call from a
/// shell, out of the proto alone.
struct CommandEmitter {
    let file: ProtoFile
    let all: [ProtoFile]

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
            source.line("summary: \(FlagEmitter.literal(route.method.comment)),")
            if let resource = route.resourceField { source.line("resource: \"\(Names.json(resource.name))\",") }
            source.line("flags: [")
            source.indented { source in
                let flags = FlagEmitter(all: all)
                for flag in flags.flags(of: route) { source.line(flag.text + ",") }
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
                source.line("watch: \(call(watch, route.service)),")
            }
            source.line("call: \(call(route.method, route.service))")
        }
        source.line("),")
    }

    private func call(_ method: ProtoService.Method, _ service: ProtoService) -> String {
        let reference = "\(service.name)Client.Methods.\(Names.function(method.name))"
        guard method.serverStreams else { return ".unary(\(reference))" }
        return ".serverStreaming(\(reference)\(ending(of: method).map { ", ending: \($0)" } ?? ""))"
    }

    /// How the last answer of a watch tells that what it follows did not do well: by a field `state` of an enum with values
    /// that end so. Nil where there is none.
    private func ending(of method: ProtoService.Method) -> String? {
        let output = PathRoute.message(method.output, all)
        guard let output, output.fields.count == 1, let field = output.fields.first, !field.isRepeated,
            case .message(let type) = field.kind, let message = PathRoute.message(type, all),
            let state = message.fields.first(where: { $0.name == "state" }),
            case .enumeration(let name) = state.kind, !state.isRepeated
        else { return nil }
        let values = all.lazy.flatMap(\.enums).first { $0.fullName == name }?.values ?? []
        func list(_ endings: String...) -> String {
            let found = values.map(\.name).filter { value in endings.contains { value.hasSuffix($0) } }
            return "[\(found.map { "\"\($0)\"" }.joined(separator: ", "))]"
        }
        let done = list("_COMPLETED", "_SUCCEEDED", "_DONE")
        let (failed, cancelled) = (list("_FAILED"), list("_CANCELLED", "_CANCELED"))
        guard failed != "[]" || cancelled != "[]" else { return nil }
        let followed = Names.json(field.name)
        return "WatchEnding(\"\(followed)\", done: \(done), failed: \(failed), cancelled: \(cancelled))"
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
            case .enumeration(let name): format = ", .choice(prefix: \"\(FlagEmitter.prefix(of: name))\")"
            default: format = FlagEmitter.isSize(field) ? ", .size" : ""
            }
            return "TableColumn(\"\(Names.json(field.name))\"\(format))"
        }
    }
}
