package import Units

/// Chooses relays for a blob: connected ones, the least loaded first, ties by name.
package enum RelayPlacement {
    /// A relay that could take a task.
    package struct Candidate: Hashable, Sendable {
        package let node: NodeID
        /// Relay tasks it has now.
        package let load: Int

        package init(node: NodeID, load: Int) {
            self.node = node
            self.load = load
        }
    }

    /// At most `count` of them; all where it is nil.
    package static func choose(_ candidates: [Candidate], atMost count: Int?) -> [NodeID] {
        let sorted = candidates.sorted { ($0.load, $0.node) < ($1.load, $1.node) }
        return sorted.prefix(count ?? sorted.count).map(\.node)
    }
}
