/// What a user needs to call a control server that speaks TLS.
package struct ControlCredentials: Sendable {
    /// The certificates of its authorities in PEM.
    package let authority: String
    /// The text of the admin's token.
    package let adminToken: String

    package init(authority: String, adminToken: String) {
        self.authority = authority
        self.adminToken = adminToken
    }
}
