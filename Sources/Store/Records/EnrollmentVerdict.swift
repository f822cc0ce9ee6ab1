/// What a join token does for a node that asks to be enrolled.
package enum EnrollmentVerdict: Hashable, Sendable {
    /// The node is in; whether this was one of the token's uses.
    case admitted(countsUse: Bool)
    /// The token has ended or was used as often as it may be.
    case spent
    /// The token is for nodes of the other role.
    case otherRole
    /// The token is for one node, and this is not it.
    case otherNode
    /// Another key is enrolled under the name, or was and is revoked.
    case nameTaken
    /// A node with this key was shut out.
    case keyRevoked
}
