import Foundation

/// protoc's plugin: reads a CodeGeneratorRequest, writes Swift (see DESIGN: value types with conversion, stubs, JSON,
/// command line).
@main
enum ProtocGenSluice {
    static func main() {
        let input = [UInt8](FileHandle.standardInput.readDataToEndOfFile())
        guard let request = PluginRequest(input) else {
            FileHandle.standardError.write(Data("protoc-gen-sluice: no CodeGeneratorRequest on standard input\n".utf8))
            exit(1)
        }
        var answer = PluginAnswer()
        let all = ServiceSelection(parameter: request.parameter)?.reduce(request.files) ?? request.files
        let made = all.filter { request.toGenerate.contains($0.name) }
        // Nothing is made of what cannot be made whole: what were left out or hidden would be missed much later.
        refuse(MessageCheck(made: made).sentences())
        let routes = made.flatMap { RouteEmitter.routes($0, all) }
        refuse(CallCheck(routes: routes, all: all).sentences())
        for file in made { answer.files += files(for: file, among: all) }
        answer.files += index(of: made, routes, among: all)
        FileHandle.standardOutput.write(Data(answer.packed()))
    }

    private static func refuse(_ sentences: [String]) {
        guard !sentences.isEmpty else { return }
        for sentence in sentences {
            FileHandle.standardError.write(Data("protoc-gen-sluice: \(sentence)\n".utf8))
        }
        exit(1)
    }

    private static func files(for file: ProtoFile, among all: [ProtoFile]) -> [(name: String, content: String)] {
        let stubs = StubsEmitter(file: file, all: all)
        var files = [(name: "\(file.stem).descriptor.swift", content: stubs.emitDescriptor())]
        if !file.messages.isEmpty || !file.enums.isEmpty {
            files.append((name: "\(file.stem).messages.swift", content: MessagesEmitter(file: file, all: all).emit()))
        }
        // The JSON of google.protobuf's own types is special and written by hand.
        if !file.package.hasPrefix("google.protobuf"), !file.messages.isEmpty {
            files.append((name: "\(file.stem).json.swift", content: JSONEmitter(file: file, all: all).emit()))
        }
        if !file.services.isEmpty {
            files.append((name: "\(file.stem).client.swift", content: stubs.emitClient()))
            files.append((name: "\(file.stem).server.swift", content: stubs.emitServer()))
        }
        if !RouteEmitter.routes(file, all).isEmpty {
            files.append((name: "\(file.stem).cli.swift", content: CommandEmitter(file: file, all: all).emit()))
            files.append((name: "\(file.stem).routes.swift", content: RouteEmitter(file: file, all: all).emit()))
        }
        return files
    }

    /// What brings the files of an API together.
    private static func index(
        of made: [ProtoFile],
        _ routes: [PathRoute],
        among all: [ProtoFile]
    ) -> [(name: String, content: String)] {
        let files = made.filter { !RouteEmitter.routes($0, all).isEmpty }
        guard let first = files.first else { return [] }
        let name = first.package.split(separator: ".").first.map(String.init) ?? ""
        let title = name.prefix(1).uppercased() + name.dropFirst()
        let document = OpenAPIEmitter(routes: routes, all: all, title: title, version: first.version ?? "").emit()
        let emitter = IndexEmitter(files: files)
        return [
            (name: "api.index.swift", content: emitter.emitIndex()),
            (name: "api.openapi.swift", content: emitter.emitDocument(document)),
            (name: "openapi.json", content: document),
        ]
    }
}
