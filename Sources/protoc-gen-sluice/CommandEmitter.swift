/// Writes the command line of a proto file's services: a command for each unary and server-streaming method.
struct CommandEmitter {
    let file: ProtoFile
    let all: [ProtoFile]

    /// Messages inside each other that still become flags.
    private static let maximumDepth = 3

    func emit() -> String {
        var source = SourceText(from: file.name, imports: [])
        source.line()
        source.block("extension GeneratedCommands") { source in
            source.comment([], otherwise: "The commands of the services in `\(file.name)`.")
            source.line("static let \(Names.json(file.stem)): [CommandDescription] = [")
            source.indented { source in
                for service in file.services {
                    for method in service.methods where !method.clientStreams { emit(method, service, &source) }
                }
            }
            source.line("]")
        }
        return source.text
    }

    private func emit(_ method: ProtoService.Method, _ service: ProtoService, _ source: inout SourceText) {
        let words = Names.words(service.name).filter { $0 != "service" }
        let noun = words.joined(separator: "-") + "s"
        let verb = Names.words(method.name).filter { word in
            let isResource = words.contains(word) || words.contains { $0 + "s" == word }
            return !isResource && word + "s" != noun && word != noun
        }
        let arguments = "\(service.name)Client.Methods.\(Names.function(method.name))"
        source.line("CommandDescription(")
        source.indented { source in
            source.line("noun: \"\(noun)\",")
            source.line("verb: \"\(verb.joined(separator: "-"))\",")
            source.line("summary: \(literal(method.comment)),")
            source.line("flags: [")
            source.indented { source in
                for flag in flags(of: method.input, method, words.joined(separator: "_")) { source.line(flag + ",") }
            }
            source.line("],")
            source.line("call: .\(method.serverStreams ? "serverStreaming" : "unary")(\(arguments))")
        }
        source.line("),")
    }

    private func flags(of input: String, _ method: ProtoService.Method, _ resource: String) -> [String] {
        guard let message = message(input) else { return [] }
        return message.fields.flatMap { field -> [String] in
            // The resource of a create method is the command's own: its fields become flags without a prefix.
            if case .message(let type) = field.kind, field.name == resource, !field.isRepeated {
                return flags(type, path: [field], prefix: [], depth: 1)
            }
            return flag(field, path: [], prefix: [], depth: 0)
        }
    }

    private func flags(_ type: String, path: [ProtoField], prefix: [String], depth: Int) -> [String] {
        guard let message = message(type), depth <= Self.maximumDepth else { return [] }
        return message.fields.flatMap { flag($0, path: path, prefix: prefix, depth: depth) }
    }

    private func flag(_ field: ProtoField, path: [ProtoField], prefix: [String], depth: Int) -> [String] {
        let names = prefix + [field.name.replacing("_", with: "-")]
        let kind: String
        switch field.kind {
        case .boolean: kind = ".boolean"
        case .string: kind = ".string"
        case .bytes: kind = ".file"
        case .int32, .int64, .uint32, .uint64: kind = ".integer"
        case .double, .float: kind = ".number"
        case .enumeration(let type):
            let values = all.flatMap(\.enums).first { $0.fullName == type }?.values ?? []
            kind = ".choice([\(values.filter { $0.number != 0 }.map { "\"\($0.name)\"" }.joined(separator: ", "))])"
        case .message("google.protobuf.Duration"): kind = ".duration"
        case .message("google.protobuf.Timestamp"): kind = ".string"
        case .message(let type):
            guard field.isRepeated else {
                return flags(type, path: path + [field], prefix: names, depth: depth + 1)
            }
            let inner = message(type)?.fields.map(\.name) ?? []
            kind = inner == ["key", "value"] ? ".pair" : ".json"
        }
        let route = (path + [field]).map { "\"\(Names.json($0.name))\"" }.joined(separator: ", ")
        let isPositional = field.name == "name" && prefix.isEmpty
        return [
            "FlagDescription(name: \"\(names.joined(separator: "-"))\", path: [\(route)], kind: \(kind), "
                + "isRepeated: \(field.isRepeated), isPositional: \(isPositional), help: \(literal(field.comment)))"
        ]
    }

    private func message(_ name: String) -> ProtoMessage? {
        all.flatMap(\.messages).first { $0.fullName == name }
    }

    private func literal(_ comment: [String]) -> String {
        let text = comment.joined(separator: " ").replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return "\"\(text)\""
    }
}
