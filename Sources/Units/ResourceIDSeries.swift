/// Ids that are made together and sort in the order they were made, so that very many new rows go to one end of an index: a
/// prefix, 16 random hexadecimal digits, and a number of six, such as `t-3f0c…-00002a`.
package struct ResourceIDSeries<Resource>: Sendable {
    /// Ids of one series at most.
    package static var maximumCount: Int { 1 << 24 }

    private let first: String
    private var count = 0

    /// The prefix is one to eight letters a-z.
    package init(prefix: String, using generator: inout some RandomNumberGenerator) {
        first = ResourceID<Resource>(prefix: prefix, using: &generator).text + "-"
    }

    package mutating func next() -> ResourceID<Resource> {
        precondition(count < Self.maximumCount, "a series has ended")
        defer { count += 1 }
        let digits = String(count, radix: 16)
        return ResourceID(checked: first + String(repeating: "0", count: 6 - digits.count) + digits)
    }
}
