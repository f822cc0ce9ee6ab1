/// What a user may do; each role may do all that those before it may. Raw values are on disk.
package enum AccessRoleRecord: String, Hashable, Sendable, CaseIterable, Comparable {
    /// Reads.
    case viewer
    /// Creates and cancels distributions too.
    case `operator`
    /// Everything.
    case admin

    private var rank: Int {
        switch self {
        case .viewer: 0
        case .operator: 1
        case .admin: 2
        }
    }

    package static func < (left: AccessRoleRecord, right: AccessRoleRecord) -> Bool { left.rank < right.rank }
}
