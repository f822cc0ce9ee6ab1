/// Writes the resource routes of a proto file's services.
struct RouteEmitter {
    let file: ProtoFile
    let all: [ProtoFile]

    /// The routes of the file's public methods.
    static func routes(_ file: ProtoFile, _ all: [ProtoFile]) -> [PathRoute] {
        file.services.flatMap { service in
            service.methods.compactMap { PathRoute($0, service, in: file, all: all) }.filter(\.isResource)
        }
    }

    func emit() -> String {
        var source = SourceText(from: file.name, imports: ["internal import RPC"])
        source.line()
        source.block("extension GeneratedRoutes") { source in
            source.comment([], otherwise: "The methods of the services in `\(file.name)` as resources.")
            source.line("static let \(Names.json(file.stem)): [HTTPRoute] = [")
            source.indented { source in
                for route in Self.routes(file, all) { emit(route, &source) }
            }
            source.line("]")
        }
        return source.text
    }

    private func emit(_ route: PathRoute, _ source: inout SourceText) {
        source.line("HTTPRoute(")
        source.indented { source in
            source.line("method: \"\(route.httpMethod)\",")
            source.line("template: \"\(route.template)\",")
            switch route.body {
            case .none: break
            case .whole: source.line("body: .whole,")
            case .field(let field): source.line("body: .field(\"\(Names.json(field.name))\"),")
            }
            if let field = route.responseField { source.line("responseField: \"\(Names.json(field.name))\",") }
            let parameters = route.parameters
            if !parameters.isEmpty {
                source.line("parameters: [")
                source.indented { source in
                    for parameter in parameters { source.line(text(parameter) + ",") }
                }
                source.line("],")
            }
            let method = "\(route.service.name)Client.Methods.\(Names.function(route.method.name))"
            source.line("rpc: \(method).path")
        }
        source.line("),")
    }

    private func text(_ parameter: PathRoute.Parameter) -> String {
        let path = parameter.path.map { "\"\(Names.json($0.name))\"" }.joined(separator: ", ")
        var arguments = "[\(path)]"
        if parameter.field?.isRepeated == true { arguments += ", isRepeated: true" }
        if parameter.field?.kind == .boolean { arguments += ", isBoolean: true" }
        return "HTTPRoute.Parameter(\(arguments))"
    }
}
