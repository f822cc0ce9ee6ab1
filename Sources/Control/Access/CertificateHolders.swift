internal import Units

/// How many nodes have certificates by one authority.
struct CertificateHolders: Hashable, Sendable {
    /// Nodes that are named to a user at most.
    private static let mostNames = 3

    /// Nodes whose certificate has not ended.
    private(set) var count = 0
    /// Nodes whose certificate has ended, and that could still have it renewed.
    private(set) var lateCount = 0
    /// Some of them.
    private(set) var names: [NodeID] = []

    mutating func add(_ node: NodeID) {
        count += 1
        name(node)
    }

    mutating func addLate(_ node: NodeID) {
        lateCount += 1
        name(node)
    }

    private mutating func name(_ node: NodeID) {
        if names.count < Self.mostNames { names.append(node) }
    }

    /// Such as `2 nodes have certificates by it: agent-1, agent-2`; nil where nobody has any.
    var text: String? {
        let more = count + lateCount > names.count ? ", …" : ""
        let named = names.sorted().map(\.text).joined(separator: ", ") + more
        let late = "\(lateCount) could still renew one that has ended"
        switch (count, lateCount) {
        case (0, 0): return nil
        case (0, _): return "of the nodes with certificates by it \(late): \(named)"
        case (1, 0): return "a node has a certificate by it: \(named)"
        case (_, 0): return "\(count) nodes have certificates by it: \(named)"
        default: return "\(count) of the nodes have certificates by it, and \(late): \(named)"
        }
    }
}
