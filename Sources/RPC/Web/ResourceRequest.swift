/// The request message of a method that was called as a resource: path, query and body put together as JSON.
struct ResourceRequest: Sendable {
    private let route: HTTPRoute
    private let fixed: JSONValue

    /// Reads path and query; throws `invalidArgument` with a sentence for what the method does not know.
    init(_ match: RouteTable.Match, query: Substring, limits: WebLimits) throws(RPCError) {
        route = match.route
        var json = JSONValue.object([])
        for (field, value) in match.values {
            let text = try HTTPQuery.decode(value, plusIsSpace: false)
            guard json.set(.string(text), at: field[...], appending: false) else {
                throw RPCError(.invalidArgument, "\(field.joined(separator: ".")) stands twice in the path")
            }
        }
        for (name, text) in try HTTPQuery.parse(query, limits: limits) {
            let parameter = try Self.parameter(name, of: match.route)
            let value = try Self.value(text, of: parameter, name)
            guard json.set(value, at: parameter.path[...], appending: parameter.isRepeated) else {
                throw RPCError(.invalidArgument, "\(name) stands twice in the query")
            }
        }
        fixed = json
    }

    /// The whole request, with what the body holds.
    func json(body: [UInt8]) throws(RPCError) -> JSONValue {
        guard route.body != .none, !body.isEmpty else {
            // What replaces a thing has to say by what: nothing would be everything at its default.
            if case .field(let name) = route.body { throw RPCError(.invalidArgument, "the body is missing: \(name)") }
            return fixed
        }
        let parsed: JSONValue
        do throws(ProtobufError) {
            parsed = try JSONParser.parse(body)
        } catch {
            throw RPCError(.invalidArgument, "the body: \(error)")
        }
        guard case .object(let fixedMembers) = fixed else { return fixed }
        switch route.body {
        case .none: return fixed
        case .field(let name):
            guard parsed != .null else { throw RPCError(.invalidArgument, "the body is missing: \(name)") }
            guard let inner = fixed[name], case .object(let members) = inner else {
                return .object(fixedMembers + [JSONMember(name: name, value: parsed)])
            }
            let merged = try Self.merge(members, into: parsed)
            return .object(fixedMembers.filter { $0.name != name } + [JSONMember(name: name, value: merged)])
        case .whole: return try Self.merge(fixedMembers, into: parsed)
        }
    }

    /// What the path says holds; a body may repeat it but not contradict it.
    private static func merge(_ fixed: [JSONMember], into body: JSONValue) throws(RPCError) -> JSONValue {
        guard case .object(let members) = body else { throw RPCError(.invalidArgument, "the body is a JSON object") }
        for member in members {
            for other in fixed where other.name == member.name && other.value != member.value {
                throw RPCError(.invalidArgument, "\(member.name) is one thing in the path and another in the body")
            }
        }
        let rest = members.filter { member in !fixed.contains { $0.name == member.name } }
        return .object(fixed + rest)
    }

    private static func parameter(_ name: String, of route: HTTPRoute) throws(RPCError) -> HTTPRoute.Parameter {
        let path = name.split(separator: ".", omittingEmptySubsequences: false).map { lowerCamel($0) }
        guard let found = route.parameters.first(where: { $0.path == path }) else {
            let known = route.parameters.map { $0.path.joined(separator: ".") }
            let list = known.isEmpty ? "it has none" : "there are \(known.joined(separator: ", "))"
            throw RPCError(.invalidArgument, "'\(name)' is not a parameter of this method; \(list)")
        }
        return found
    }

    private static func value(
        _ text: String,
        of parameter: HTTPRoute.Parameter,
        _ name: String
    ) throws(RPCError) -> JSONValue {
        guard parameter.isBoolean else { return .string(text) }
        guard text == "true" || text == "false" else { throw RPCError(.invalidArgument, "\(name) is true or false") }
        return .boolean(text == "true")
    }

    /// `pageSize` of `page_size`.
    private static func lowerCamel(_ name: Substring) -> String {
        var text = ""
        var raise = false
        for character in name {
            if character == "_" {
                raise = true
            } else {
                text += raise ? character.uppercased() : String(character)
                raise = false
            }
        }
        return text
    }
}
