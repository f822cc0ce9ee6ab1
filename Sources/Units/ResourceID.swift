/// The short id of a resource: 1 to 63 characters of a-z, 0-9 and `-`, not starting or ending with `-` (AIP-122).
/// The phantom `Resource` keeps ids of different resources apart.
package struct ResourceID<Resource>: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let text: String
    /// Nil where the text breaks the rule above.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard (1...63).contains(bytes.count), bytes.first != 45, bytes.last != 45 else { return nil }
        guard bytes.allSatisfy({ (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }) else { return nil }
        self.text = text
    }
    /// A prefix and 16 random hexadecimal digits, such as `d-3f0c…`. The prefix is one to eight letters a-z.
    package init(prefix: String, using generator: inout some RandomNumberGenerator) {
        precondition((1...8).contains(prefix.utf8.count) && prefix.utf8.allSatisfy { (97...122).contains($0) })
        let bits: UInt64 = generator.next()
        let digits = String(bits, radix: 16)
        self.text = prefix + "-" + String(repeating: "0", count: 16 - digits.count) + digits
    }
    /// For a text that keeps the rule by the way it was made.
    init(checked text: String) { self.text = text }
    package static func < (left: ResourceID, right: ResourceID) -> Bool { left.text < right.text }
    package var description: String { text }
}

/// Marks ids of origins.
package enum OriginResource {}
/// Marks ids of nodes: relays and agents.
package enum NodeResource {}
/// Marks ids of distributions.
package enum DistributionResource {}
/// Marks ids of node tasks: relay tasks and assignments.
package enum TaskResource {}
/// Marks ids of API tokens.
package enum APITokenResource {}
/// Marks ids of join tokens.
package enum JoinTokenResource {}

package typealias OriginID = ResourceID<OriginResource>
package typealias NodeID = ResourceID<NodeResource>
package typealias DistributionID = ResourceID<DistributionResource>
package typealias TaskID = ResourceID<TaskResource>
package typealias APITokenID = ResourceID<APITokenResource>
package typealias JoinTokenID = ResourceID<JoinTokenResource>
