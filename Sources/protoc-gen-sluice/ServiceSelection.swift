/// The services that `--sluice_opt=services=NAME:NAME` asks for; without it everything is made.
///
/// For protos of others that hold more than is used: of their messages only those are made that the services reach, and
/// of these messages' fields only those whose types stand at the top of a file (no maps, no nested messages).
struct ServiceSelection {
    private let services: Set<String>

    /// Nil where the parameter asks for no selection.
    init?(parameter: String) {
        guard let value = parameter.split(separator: ",").first(where: { $0.hasPrefix("services=") }) else {
            return nil
        }
        services = Set(value.dropFirst("services=".count).split(separator: ":").map(String.init))
    }

    /// The files with what the services need, and no more.
    func reduce(_ files: [ProtoFile]) -> [ProtoFile] {
        let atTop = files.flatMap(\.messages).filter { !$0.isNested }
        let messages = Dictionary(atTop.map { ($0.fullName, $0) }) { first, _ in first }
        let enums = Set(files.flatMap(\.enums).map(\.fullName))
        var wanted: Set<String> = []
        func visit(_ name: String) {
            guard let message = messages[name], wanted.insert(name).inserted else { return }
            for field in message.fields {
                switch field.kind {
                case .message(let name): visit(name)
                case .enumeration(let name): wanted.insert(name)
                default: break
                }
            }
        }
        let chosen = files.flatMap(\.services).filter { services.contains($0.fullName) }
        for method in chosen.flatMap(\.methods) {
            visit(method.input)
            visit(method.output)
        }
        return files.map { file in
            ProtoFile(
                name: file.name,
                package: file.package,
                dependencies: file.dependencies,
                messages: file.messages.filter { wanted.contains($0.fullName) }.map { message in
                    ProtoMessage(
                        fullName: message.fullName,
                        comment: message.comment,
                        isNested: message.isNested,
                        isMapEntry: message.isMapEntry,
                        fields: message.fields.filter { isMade($0, messages, enums) },
                        oneofs: message.oneofs
                    )
                },
                enums: file.enums.filter { wanted.contains($0.fullName) },
                services: file.services.filter { services.contains($0.fullName) },
                descriptor: file.descriptor
            )
        }
    }

    private func isMade(_ field: ProtoField, _ messages: [String: ProtoMessage], _ enums: Set<String>) -> Bool {
        switch field.kind {
        case .message(let name): messages[name] != nil
        case .enumeration(let name): enums.contains(name)
        default: true
        }
    }
}
