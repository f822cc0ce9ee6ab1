package import Units

/// A user's token; of its secret only the digest is kept.
package struct APITokenRecord: Hashable, Sendable {
    /// The token's id.
    package var id: APITokenID
    package var role: AccessRoleRecord
    /// SHA-256 of the secret, 32 bytes.
    package var digest: [UInt8]
    /// Milliseconds since 1970.
    package var createdAt: Int64
    /// Milliseconds since 1970; nil for never.
    package var expiresAt: Int64?

    package init(id: APITokenID, role: AccessRoleRecord, digest: [UInt8], createdAt: Int64, expiresAt: Int64? = nil) {
        self.id = id
        self.role = role
        self.digest = digest
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }
}
