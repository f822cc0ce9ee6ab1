package import Units

/// The right to enroll nodes; of its secret only the digest is kept.
package struct JoinTokenRecord: Hashable, Sendable {
    /// The token's id.
    package var id: JoinTokenID
    /// What its nodes are.
    package var role: NodeRecordRole
    /// The one node it is for; nil for any.
    package var node: NodeID?
    /// SHA-256 of the secret, 32 bytes.
    package var digest: [UInt8]
    /// How many nodes may enroll with it, and how many have.
    package var maximumUses: UInt32
    package var uses: UInt32
    /// Milliseconds since 1970.
    package var createdAt: Int64
    package var expiresAt: Int64

    package init(
        id: JoinTokenID,
        role: NodeRecordRole,
        node: NodeID? = nil,
        digest: [UInt8],
        maximumUses: UInt32,
        uses: UInt32 = 0,
        createdAt: Int64,
        expiresAt: Int64
    ) {
        self.id = id
        self.role = role
        self.node = node
        self.digest = digest
        self.maximumUses = maximumUses
        self.uses = uses
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }

    /// Whether the token lets a node in that asks to be `wanted`, where `known` is enrolled under its name already.
    package func verdict(
        on wanted: EnrollmentRecord,
        known: EnrollmentRecord?,
        now: Int64
    ) -> EnrollmentVerdict {
        guard wanted.role == role else { return .otherRole }
        guard node == nil || node == wanted.node else { return .otherNode }
        if let known, known.keyDigest == wanted.keyDigest, known.token == id, known.revokedAt == nil {
            // The same node asks again: the answer may have been lost.
            return now < expiresAt ? .admitted(countsUse: false) : .spent
        }
        guard now < expiresAt, uses < maximumUses else { return .spent }
        // Who holds a token for any node cannot take the name of one that is there, but a node may come back with its
        // own key: its certificate has ended while it was away.
        let isBack = known.map { $0.keyDigest == wanted.keyDigest && $0.revokedAt == nil } ?? true
        guard isBack || node == wanted.node else { return .nameTaken }
        return .admitted(countsUse: true)
    }
}
