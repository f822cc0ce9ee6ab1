/// Header or trailer fields in order. Names are lower case; a name may stand several times.
package struct HTTPFields: Hashable, Sendable {
    /// One field line.
    package struct Field: Hashable, Sendable {
        package let name: String
        package let value: String
    }

    package private(set) var fields: [Field] = []

    package init() {}

    package var isEmpty: Bool { fields.isEmpty }

    /// Appends a field; the name is lowered.
    package mutating func append(_ name: String, _ value: String) {
        fields.append(
            Field(name: name.utf8.contains { (65...90).contains($0) } ? name.lowercased() : name, value: value)
        )
    }

    /// The first value of a name in lower case.
    package subscript(_ name: String) -> String? { fields.first { $0.name == name }?.value }

    /// All values of a name, in order.
    package func values(of name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }

    /// Names and values as RFC 9113 section 6.5.2 counts them: 32 bytes more for each.
    package var listSize: Int { fields.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 32 } }
}

extension HTTPFields: Sequence {
    package func makeIterator() -> AnyIterator<(String, String)> {
        var rest = fields.makeIterator()
        return AnyIterator { rest.next().map { ($0.name, $0.value) } }
    }
}
