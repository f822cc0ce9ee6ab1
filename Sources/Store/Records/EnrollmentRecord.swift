package import Units

/// A node that is enrolled: which key speaks for its name.
package struct EnrollmentRecord: Hashable, Sendable {
    package var node: NodeID
    package var role: NodeRecordRole
    /// SHA-256 of the public key, 32 bytes.
    package var keyDigest: [UInt8]
    /// The join token it came with.
    package var token: JoinTokenID
    /// Milliseconds since 1970.
    package var enrolledAt: Int64
    /// When it was shut out; nil where it is welcome.
    package var revokedAt: Int64?
    /// The authority of the certificate that it has, by the SHA-256 of the authority's own; nil where that is not known.
    package var authority: [UInt8]?
    /// When that certificate ends, in milliseconds since 1970.
    package var certificateEndsAt: Int64?

    package init(
        node: NodeID,
        role: NodeRecordRole,
        keyDigest: [UInt8],
        token: JoinTokenID,
        enrolledAt: Int64,
        revokedAt: Int64? = nil,
        authority: [UInt8]? = nil,
        certificateEndsAt: Int64? = nil
    ) {
        self.node = node
        self.role = role
        self.keyDigest = keyDigest
        self.token = token
        self.enrolledAt = enrolledAt
        self.revokedAt = revokedAt
        self.authority = authority
        self.certificateEndsAt = certificateEndsAt
    }
}
