internal import RPC
internal import Units

/// A request that grows flag by flag.
struct RequestTree {
    private indirect enum Node {
        case value(JSONValue)
        case list([JSONValue])
        case branch([(String, Node)])
    }

    private var root: [(String, Node)] = []

    mutating func set(_ value: JSONValue, at flag: FlagDescription) throws(UserError) {
        try Self.set(value, flag.path[...], flag, in: &root)
    }

    private static func set(
        _ value: JSONValue,
        _ path: ArraySlice<String>,
        _ flag: FlagDescription,
        in branch: inout [(String, Node)]
    ) throws(UserError) {
        guard let name = path.first else { return }
        let at = branch.firstIndex { $0.0 == name }
        if path.count > 1 {
            var inner: [(String, Node)] = []
            if let at, case .branch(let known) = branch[at].1 { inner = known }
            try set(value, path.dropFirst(), flag, in: &inner)
            if let at { branch[at].1 = .branch(inner) } else { branch.append((name, .branch(inner))) }
            return
        }
        if case .map = flag.kind, case .string(let key)? = value["key"], let entry = value["value"] {
            var entries: [(String, Node)] = []
            if let at, case .branch(let known) = branch[at].1 { entries = known }
            guard !entries.contains(where: { $0.0 == key }) else {
                throw UserError(.invalidArgument, "--\(flag.name) has \(key) twice")
            }
            entries.append((key, .value(entry)))
            if let at { branch[at].1 = .branch(entries) } else { branch.append((name, .branch(entries))) }
            return
        }
        guard flag.isRepeated else {
            guard at == nil else { throw UserError(.invalidArgument, "--\(flag.name) is given twice") }
            return branch.append((name, .value(value)))
        }
        var list: [JSONValue] = []
        if let at, case .list(let known) = branch[at].1 { list = known }
        list.append(value)
        if let at { branch[at].1 = .list(list) } else { branch.append((name, .list(list))) }
    }

    var json: JSONValue { Self.json(root) }

    /// The tree laid over a request that is there already: what the tree has goes first.
    func json(over base: JSONValue) -> JSONValue { Self.merge(json, over: base) }

    /// Whether two member names are of one field: `baseUrls` and `base_urls`.
    static func isSame(_ one: String, _ other: String) -> Bool {
        one == other || one.lowercased().replacing("_", with: "") == other.lowercased().replacing("_", with: "")
    }

    /// A value without what stands at a path.
    static func removing(_ path: ArraySlice<String>, from value: JSONValue) -> JSONValue {
        guard case .object(let members) = value, let name = path.first else { return value }
        return .object(
            members.compactMap { member in
                guard isSame(member.name, name) else { return member }
                guard path.count > 1 else { return nil }
                return JSONMember(name: member.name, value: removing(path.dropFirst(), from: member.value))
            }
        )
    }

    private static func merge(_ value: JSONValue, over base: JSONValue) -> JSONValue {
        guard case .object(let members) = value, case .object(let old) = base else { return value }
        let kept = old.map { member -> JSONMember in
            guard let new = members.first(where: { isSame($0.name, member.name) }) else { return member }
            return JSONMember(name: member.name, value: merge(new.value, over: member.value))
        }
        return .object(kept + members.filter { member in !old.contains { isSame($0.name, member.name) } })
    }

    private static func json(_ branch: [(String, Node)]) -> JSONValue {
        .members(
            branch.map { name, node in
                switch node {
                case .value(let value): (name, value)
                case .list(let values): (name, .array(values))
                case .branch(let inner): (name, json(inner))
                }
            }
        )
    }
}
