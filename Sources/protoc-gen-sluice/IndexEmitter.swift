/// Writes what brings the parts of all proto files together, so that a new one is in it by itself.
struct IndexEmitter {
    /// The files with public methods, in the order of protoc.
    let files: [ProtoFile]

    func emitIndex() -> String {
        var source = SourceText(from: "sluice", imports: ["package import RPC"])
        let names = files.map { Names.json($0.stem) }.joined(separator: ", ")
        source.line()
        source.block("extension GeneratedCommands") { source in
            source.comment([], otherwise: "All commands, in the order of the protos.")
            source.line("package static let all: [CommandDescription] = [\(names)].flatMap { $0 }")
        }
        source.line()
        source.block("extension GeneratedRoutes") { source in
            source.comment([], otherwise: "All routes, in the order of the protos.")
            source.line("package static let all: [HTTPRoute] = [\(names)].flatMap { $0 }")
        }
        return source.text
    }

    /// The description as Swift holds it.
    func emitDocument(_ document: String) -> String {
        var source = SourceText(from: "sluice", imports: [])
        source.block("extension GeneratedRoutes") { source in
            source.comment([], otherwise: "The OpenAPI 3.1 description of every public method, as Protos/openapi.json.")
            source.line("package static let openAPI = #\"\"\"")
            source.raw(document)
            source.raw("\"\"\"#\n")
        }
        return source.text
    }
}
