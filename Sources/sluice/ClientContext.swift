/// What a user's program needs to call one control server.
struct ClientContext: Codable, Hashable, Sendable {
    var name: String
    /// HOST:PORT.
    var server: String
    /// The certificates of control's authorities in PEM, one or several; nil for plaintext.
    var certificateAuthority: String?
    /// An API token; nil where control asks for none.
    var token: String?
}
