internal import Store

/// Who may call a method.
struct AccessRule: Hashable, Sendable {
    /// Whose calls are taken.
    enum Caller: Hashable, Sendable {
        /// Anyone's, without credentials.
        case anyone
        /// Those of a node that is enrolled, by its certificate.
        case node
        /// Those of users with this role or a higher one, by an API token.
        case user(AccessRoleRecord)
    }

    let caller: Caller
    /// Whether its calls go into the audit log: what it does changes something.
    let isAudited: Bool

    static let open = AccessRule(caller: .anyone, isAudited: false)
    static let node = AccessRule(caller: .node, isAudited: false)
    static let reads = AccessRule(caller: .user(.viewer), isAudited: false)

    /// Changes something, and needs this role.
    static func changes(_ role: AccessRoleRecord) -> AccessRule { AccessRule(caller: .user(role), isAudited: true) }
}
