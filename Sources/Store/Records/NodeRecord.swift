package import Units

/// A node control has seen.
package struct NodeRecord: Hashable, Sendable {
    /// The node's id.
    package var id: NodeID
    /// What it is.
    package var role: NodeRecordRole
    /// Its labels, address and version, encoded by control.
    package var payload: [UInt8]
    /// A relay's Ed25519 public key, 32 bytes; empty for an agent.
    package var publicKey: [UInt8]
    /// Grows with each process start of the node.
    package var incarnation: UInt64
    /// When control last heard from it, milliseconds since 1970.
    package var lastSeenAt: Int64

    package init(
        id: NodeID,
        role: NodeRecordRole,
        payload: [UInt8],
        publicKey: [UInt8] = [],
        incarnation: UInt64 = 0,
        lastSeenAt: Int64
    ) {
        self.id = id
        self.role = role
        self.payload = payload
        self.publicKey = publicKey
        self.incarnation = incarnation
        self.lastSeenAt = lastSeenAt
    }
}
