internal import SluiceAPI
internal import Store
internal import Units

/// Who makes a call.
enum AccessPrincipal: Hashable, Sendable {
    /// Access is not checked: whoever can connect may do everything.
    case everyone
    /// No credentials; only open methods come this far.
    case nobody
    /// The bearer of an API token.
    case user(APITokenID, AccessRoleRecord)
    /// The holder of a node's certificate.
    case node(NodeID, NodeRecordRole)

    /// Whose call the present task serves.
    @TaskLocal static var current = AccessPrincipal.nobody

    /// As the audit log has it.
    var text: String {
        switch self {
        case .everyone: "anyone"
        case .nobody: "join-token"
        case .user(let id, _): "token/\(id)"
        case .node(let id, _): "node/\(id)"
        }
    }

    /// Whether it may speak for a node of this name and role.
    func maySpeak(for node: NodeID, _ role: NodeRole) -> Bool {
        switch self {
        case .everyone: true
        case .node(let id, let own): id == node && NodeRole(own) == role
        case .nobody, .user: false
        }
    }

    /// Throws unless the present caller may speak for a node of this name and role.
    static func requireNode(_ node: NodeID, _ role: NodeRole) throws(UserError) {
        guard current.maySpeak(for: node, role) else {
            throw UserError(
                .permissionDenied,
                "the certificate is not that of \(role == .relay ? "relay" : "agent") \(node)"
            )
        }
    }
}

extension NodeRole {
    init(_ record: NodeRecordRole) { self = record == .relay ? .relay : .agent }
}

extension NodeRecordRole {
    /// Nil for what is neither a relay nor an agent.
    init?(_ role: NodeRole) {
        switch role {
        case .relay: self = .relay
        case .agent: self = .agent
        default: return nil
        }
    }
}
