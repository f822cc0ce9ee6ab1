/// What a user needs to call a control server that speaks TLS.
package struct ControlCredentials: Sendable {
    /// The certificate of its authority in PEM.
    package let authority: String
    /// The text of the admin's token.
    package let adminToken: String
}
