/// One enum.
struct ProtoEnum {
    struct Value {
        let name: String
        let number: Int32
        let comment: [String]
    }

    let fullName: String
    let comment: [String]
    let values: [Value]

    /// The values without further names of the same number (`allow_alias`).
    var distinct: [Value] {
        var seen: Set<Int32> = []
        return values.filter { seen.insert($0.number).inserted }
    }
    /// Further names, each with the value that it is.
    var aliases: [(Value, Value)] {
        values.compactMap { value in
            let first = distinct.first { $0.number == value.number }
            return first.flatMap { $0.name == value.name ? nil : (value, $0) }
        }
    }
}
