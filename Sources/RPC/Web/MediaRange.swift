/// The media types that an `accept` field takes (RFC 9110 section 12.5.1). Weights only tell what is refused.
struct MediaRange {
    private let ranges: [String]

    /// No field means that everything is taken.
    init(_ values: [String]) {
        let list = values.joined(separator: ",")
        ranges = list.split(separator: ",").compactMap { element in
            let parts = element.split(separator: ";").map { part in String(part.filter { $0 != " " }).lowercased() }
            guard let type = parts.first, !parts.dropFirst().contains(where: Self.isZero) else { return nil }
            return type
        }
        isEmpty = list.allSatisfy { $0 == " " || $0 == "," }
    }
    private let isEmpty: Bool

    /// Whether the type is named itself.
    func names(_ type: String) -> Bool { ranges.contains(type) }

    /// Whether the type is named, or a range that holds it.
    func takes(_ type: String) -> Bool {
        isEmpty || ranges.contains { $0 == type || $0 == "*/*" || $0 == type.prefix { $0 != "/" } + "/*" }
    }

    private static func isZero(_ parameter: String) -> Bool {
        parameter.hasPrefix("q=0") && parameter.dropFirst(3).allSatisfy { $0 == "." || $0 == "0" }
    }
}
