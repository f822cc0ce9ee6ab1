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
