extension JSONValue {
    /// Puts a value at a place inside an object, making objects on the way; false where something else stands there.
    mutating func set(_ value: JSONValue, at path: ArraySlice<String>, appending: Bool) -> Bool {
        guard let name = path.first else { return false }
        guard case .object(var members) = self else { return false }
        let index = members.firstIndex { $0.name == name }
        var inner = index.map { members[$0].value }
        if path.count > 1 {
            var object = inner ?? .object([])
            guard object.set(value, at: path.dropFirst(), appending: appending) else { return false }
            inner = object
        } else if appending {
            var list: [JSONValue] = []
            if case .array(let known)? = inner { list = known } else if inner != nil { return false }
            inner = .array(list + [value])
        } else {
            guard inner == nil || inner == value else { return false }
            inner = value
        }
        guard let inner else { return false }
        let member = JSONMember(name: name, value: inner)
        if let index { members[index] = member } else { members.append(member) }
        self = .object(members)
        return true
    }
}
