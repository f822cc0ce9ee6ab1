/// How one method is called over plain HTTP and on the command line, by the naming rules of AIP-131 to 136.
struct PathRoute {
    /// What the body of a request is.
    enum Body: Equatable {
        case none, whole
        case field(ProtoField)
    }
    /// A field of the request in the query.
    struct Parameter {
        let path: [ProtoField]
        var field: ProtoField? { path.last }
        var holdsMessages: Bool {
            guard let field, case .message(let type) = field.kind else { return false }
            return field.isRepeated && !type.hasPrefix("google.protobuf")
        }
    }

    let service: ProtoService
    let method: ProtoService.Method
    /// Such as `origin`.
    let resource: [String]
    /// The word that says what is done, such as `update`.
    let verb: String
    /// What follows the resource in the method's name, such as `limits`.
    let part: [String]
    private let input: ProtoMessage
    private let output: ProtoMessage
    private let all: [ProtoFile]
    private let version: String

    /// Nil for a method that users do not call, or whose types are missing.
    init?(_ method: ProtoService.Method, _ service: ProtoService, in file: ProtoFile, all: [ProtoFile]) {
        guard service.isPublic, method.isPublic, let version = file.version,
            let input = Self.message(method.input, all), let output = Self.message(method.output, all),
            let verb = Names.words(method.name).first
        else { return nil }
        self.service = service
        self.method = method
        self.verb = verb
        self.input = input
        self.output = output
        self.all = all
        self.version = version
        let rest = Array(Names.words(method.name).dropFirst())
        let own = Names.words(service.name).filter { $0 != "service" }
        if rest.starts(with: own) {
            (resource, part) = (own, Array(rest.dropFirst(own.count)))
        } else if rest == Names.plural(own) {
            (resource, part) = (own, [])
        } else if let found = Self.resource(rest, file.package, all) {
            (resource, part) = (found, [])
        } else {
            (resource, part) = (own, rest)
        }
    }

    /// The words of a resource message that the method is about, though its service is not.
    private static func resource(_ words: [String], _ package: String, _ all: [ProtoFile]) -> [String]? {
        let names = all.flatMap(\.messages).map(\.fullName)
        for message in names where message.hasPrefix(package + ".") {
            let own = Names.words(String(message.dropFirst(package.count + 1)))
            if own == words || Names.plural(own) == words { return own }
        }
        return nil
    }

    static func message(_ name: String, _ all: [ProtoFile]) -> ProtoMessage? {
        all.lazy.flatMap(\.messages).first { $0.fullName == name }
    }

    // MARK: Command line

    /// Such as `origins`.
    var noun: String { Names.plural(resource).joined(separator: "-") }
    /// Such as `update-limits`.
    var commandVerb: String { ([verb] + part).joined(separator: "-") }
    /// The field of the request that is the resource itself.
    var resourceField: ProtoField? {
        input.fields.first { field in
            guard case .message = field.kind else { return false }
            return field.name == resource.joined(separator: "_") && !field.isRepeated
        }
    }

    // MARK: HTTP

    /// Client streams are no resources.
    var isResource: Bool { !method.clientStreams }

    var httpMethod: String {
        switch verb {
        case "get", "list", "watch": "GET"
        case "delete": "DELETE"
        case "update": input.fields.contains { $0.name == "update_mask" } ? "PATCH" : "PUT"
        default: "POST"
        }
    }

    /// Such as `/v1/origins/{name}/limits`.
    var template: String {
        var path = "/\(version)/\(Names.lowerCamel(Names.plural(resource)))"
        if !nameField.isEmpty { path += "/{\(nameField.map { Names.json($0.name) }.joined(separator: "."))}" }
        switch verb {
        case "create" where part.isEmpty, "list" where part.isEmpty: return path
        case "get", "list", "update", "delete":
            if part.isEmpty { return path }
            return path + (nameField.isEmpty ? ":" : "/") + Names.lowerCamel(part)
        default: return path + ":" + Names.lowerCamel([verb] + part)
        }
    }

    /// The fields that lead to the name in the path; empty where the method is about the collection.
    var nameField: [ProtoField] {
        if verb == "create", part.isEmpty { return [] }
        if let name = Self.name(in: input) { return [name] }
        guard verb == "update", let field = resourceField, case .message(let type) = field.kind,
            let name = Self.message(type, all).flatMap(Self.name)
        else { return [] }
        return [field, name]
    }

    private static func name(in message: ProtoMessage) -> ProtoField? {
        message.fields.first { $0.name == "name" && $0.kind == .string && !$0.isRepeated }
    }

    var body: Body {
        switch verb {
        case "get", "list", "watch", "delete": return .none
        case "create" where part.isEmpty: return resourceField.map { .field($0) } ?? .whole
        case "update":
            let wanted = part.isEmpty ? resource : part
            let field = input.fields.first { $0.name == wanted.joined(separator: "_") && !$0.isRepeated }
            guard let field, case .message = field.kind else { return .whole }
            return .field(field)
        default: return .whole
        }
    }

    /// The one field of the response that is the answer; nil where it has others too.
    var responseField: ProtoField? {
        guard output.fields.count == 1, let field = output.fields.first, !field.isRepeated, field.oneof == nil,
            case .message(let type) = field.kind, !type.hasPrefix("google.protobuf")
        else { return nil }
        return field
    }

    /// What of the request is neither in the path nor in the body.
    var parameters: [Parameter] { loose.filter { !$0.holdsMessages } }
    /// What is neither in the path nor in the body, and no query can hold: lists of messages, and maps.
    var lost: [Parameter] { loose.filter(\.holdsMessages) }

    private var loose: [Parameter] {
        guard body != .whole else { return [] }
        var taken = Set(nameField.prefix(1).map(\.name))
        if case .field(let field) = body { taken.insert(field.name) }
        return input.fields.filter { !taken.contains($0.name) }.flatMap { parameters($0, path: []) }
    }

    private func parameters(_ field: ProtoField, path: [ProtoField]) -> [Parameter] {
        guard case .message(let type) = field.kind, !type.hasPrefix("google.protobuf"), !field.isRepeated,
            let message = Self.message(type, all)
        else { return [Parameter(path: path + [field])] }
        return message.fields.flatMap { parameters($0, path: path + [field]) }
    }
}
