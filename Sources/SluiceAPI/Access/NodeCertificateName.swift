package import Units

/// What a node's certificate says of it: `sluice://node/NAME?role=relay` among its names.
package struct NodeCertificateName: Hashable, Sendable {
    /// The URI in control's own certificate: what a node or a user's program demands of the server it calls, so that no
    /// node's certificate passes for control's.
    package static let control = "sluice://control"
    /// What a node asks another for (SNI), so that it is shown a certificate of control's authority whatever else that one
    /// has for its users.
    package static let serverName = "node.sluice.internal"
    private static let prefix = "sluice://node/"

    package let node: NodeID
    /// Relay or agent.
    package let role: NodeRole

    package init(node: NodeID, role: NodeRole) {
        self.node = node
        self.role = role
    }

    /// Nil where the URI is not exactly one of ours.
    package init?(uri: String) {
        guard uri.hasPrefix(Self.prefix) else { return nil }
        let parts = uri.dropFirst(Self.prefix.count).split(separator: "?", omittingEmptySubsequences: false)
        guard parts.count == 2, let node = NodeID(String(parts[0])) else { return nil }
        switch parts[1] {
        case "role=relay": self.init(node: node, role: .relay)
        case "role=agent": self.init(node: node, role: .agent)
        default: return nil
        }
    }

    package var uri: String { "\(Self.prefix)\(node)?role=\(role == .relay ? "relay" : "agent")" }
}
