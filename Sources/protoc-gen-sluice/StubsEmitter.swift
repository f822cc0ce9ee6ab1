/// Writes the client stubs and the server protocols of a proto file's services.
struct StubsEmitter {
    let file: ProtoFile
    /// Every file of the request, for the descriptors that reflection serves.
    let all: [ProtoFile]

    func emitClient() -> String {
        var source = SourceText(from: file.name, imports: ["package import RPC"])
        for service in file.services {
            source.line()
            source.comment(service.comment, otherwise: "`\(service.fullName)`.")
            source.block("package struct \(service.name)Client: Sendable") { source in
                source.line("private let client: RPCClient")
                source.line()
                source.comment([], otherwise: "Calls over this connection.")
                source.line("package init(_ client: RPCClient) { self.client = client }")
                for method in service.methods { emitCall(method, service, &source) }
            }
            source.line()
            source.block("extension \(service.name)Client") { source in
                source.comment([], otherwise: "The methods as the wire names them.")
                source.block("package enum Methods") { source in
                    for method in service.methods {
                        source.comment(method.comment, otherwise: "`\(method.name)`.")
                        source.line(
                            "package static let \(Names.function(method.name)) = RPCMethod<\(Names.type(method.input)), \(Names.type(method.output))>("
                        )
                        source.indented { source in
                            source.line("service: \"\(service.fullName)\",")
                            source.line("name: \"\(method.name)\",")
                            source.line("kind: .\(kind(method))")
                        }
                        source.line(")")
                    }
                }
            }
        }
        return source.text
    }

    private func kind(_ method: ProtoService.Method) -> String {
        switch (method.clientStreams, method.serverStreams) {
        case (false, false): "unary"
        case (true, false): "clientStreaming"
        case (false, true): "serverStreaming"
        case (true, true): "bidirectional"
        }
    }

    private func emitCall(_ method: ProtoService.Method, _ service: ProtoService, _ source: inout SourceText) {
        let name = Names.function(method.name)
        let (input, output) = (Names.type(method.input), Names.type(method.output))
        source.line()
        source.comment(method.comment, otherwise: "`\(method.name)`.")
        source.line("package func \(name)(")
        source.indented { source in
            if !method.clientStreams { source.line("_ request: \(input),") }
            source.line("options: RPCCallOptions = RPCCallOptions()")
        }
        let result =
            switch kind(method) {
            case "unary": output
            case "serverStreaming": "RPCReader<\(output)>"
            default: "(RPCWriter<\(input)>, RPCReader<\(output)>)"
            }
        source.block(") async throws(RPCError) -> \(result)") { source in
            let arguments = method.clientStreams ? "" : "request, "
            source.line("try await client.\(kind(method))(Methods.\(name), \(arguments)options: options)")
        }
    }

    func emitServer() -> String {
        var source = SourceText(from: file.name, imports: ["package import RPC"])
        for service in file.services {
            source.line()
            source.comment(service.comment, otherwise: "`\(service.fullName)`.")
            source.block("package protocol \(service.name)Server: Sendable") { source in
                for method in service.methods {
                    source.comment(method.comment, otherwise: "`\(method.name)`.")
                    source.line(requirement(method))
                }
            }
            source.line()
            source.comment([], otherwise: "Makes a server of `\(service.fullName)` known to the RPC layer.")
            source.block("package struct \(service.name)RPCService: RPCService") { source in
                source.line("package static let serviceName = \"\(service.fullName)\"")
                source.line("package static let fileDescriptors: [[UInt8]] = [")
                source.indented { source in
                    for name in descriptors() { source.line("ProtoDescriptors.\(name),") }
                }
                source.line("]")
                source.line("private let server: any \(service.name)Server")
                source.line()
                source.comment([], otherwise: "Serves with `server`.")
                source.line("package init(_ server: any \(service.name)Server) { self.server = server }")
                source.line()
                source.block("package var handlers: [RPCHandler]") { source in
                    source.line("let server = server")
                    source.line("return [")
                    source.indented { source in
                        for method in service.methods { source.line(handler(method, service) + ",") }
                    }
                    source.line("]")
                }
            }
        }
        return source.text
    }

    private func requirement(_ method: ProtoService.Method) -> String {
        let (name, input, output) = (Names.function(method.name), Names.type(method.input), Names.type(method.output))
        return switch kind(method) {
        case "unary": "func \(name)(_ request: \(input), context: RPCServerContext) async throws -> \(output)"
        case "clientStreaming":
            "func \(name)(requests: RPCReader<\(input)>, context: RPCServerContext) async throws -> \(output)"
        case "serverStreaming":
            "func \(name)(_ request: \(input), responses: RPCWriter<\(output)>, context: RPCServerContext) async throws"
        default:
            "func \(name)(requests: RPCReader<\(input)>, responses: RPCWriter<\(output)>, context: RPCServerContext) async throws"
        }
    }

    private func handler(_ method: ProtoService.Method, _ service: ProtoService) -> String {
        let name = Names.function(method.name)
        let path = "\(service.name)Client.Methods.\(name)"
        return switch kind(method) {
        case "unary": ".unary(\(path)) { try await server.\(name)($0, context: $1) }"
        case "clientStreaming": ".clientStreaming(\(path)) { try await server.\(name)(requests: $0, context: $1) }"
        case "serverStreaming":
            ".serverStreaming(\(path)) { try await server.\(name)($0, responses: $1, context: $2) }"
        default:
            ".bidirectional(\(path)) { try await server.\(name)(requests: $0, responses: $1, context: $2) }"
        }
    }

    /// This file's descriptor and those of all it imports, imports first.
    private func descriptors() -> [String] {
        var names: [String] = []
        func visit(_ file: ProtoFile) {
            for dependency in file.dependencies {
                if let other = all.first(where: { $0.name == dependency }) { visit(other) }
            }
            let name = Self.descriptorName(file)
            if !names.contains(name) { names.append(name) }
        }
        visit(file)
        return names
    }

    static func descriptorName(_ file: ProtoFile) -> String {
        Names.json(String(file.name.prefix { $0 != "." }.replacing("/", with: "_")))
    }

    func emitDescriptor() -> String {
        var source = SourceText(from: file.name, imports: ["internal import RPC"])
        source.line()
        source.block("extension ProtoDescriptors") { source in
            source.comment([], otherwise: "The serialized FileDescriptorProto of `\(file.name)`, for reflection.")
            source.line("static let \(Self.descriptorName(file)) = decoded(")
            source.indented { source in
                source.line("\"\"\"")
                var rest = Substring(base64(file.descriptor))
                while !rest.isEmpty {
                    source.line(String(rest.prefix(100)) + "\\")
                    rest = rest.dropFirst(100)
                }
                source.line("")
                source.line("\"\"\"")
            }
            source.line(")")
        }
        return source.text
    }

    private func base64(_ bytes: [UInt8]) -> String {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let rest = bytes[start..<min(start + 3, bytes.count)]
            let group = rest.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - rest.count))
            for digit in 0...rest.count { text.append(digits[Int(group >> UInt32(18 - 6 * digit)) & 63]) }
        }
        return text
    }
}
