/// A join token as a node gets it: 256 random bits, and the SHA-256 of the certificate of control's CA, behind
/// `sluice_join_`. With it a node that knows only control's address proves control before it sends the secret.
package struct JoinTokenText: Sendable, Hashable {
    /// The sizes of secret and fingerprint.
    package static let byteCount = 32
    private static let prefix = "sluice_join_"

    package let secret: [UInt8]
    /// SHA-256 of the CA's certificate.
    package let authority: [UInt8]

    /// A new one for the authority of this fingerprint.
    package init(authority: [UInt8], using generator: inout some RandomNumberGenerator) {
        precondition(authority.count == Self.byteCount, "a fingerprint is a SHA-256")
        self.secret = TokenEncoding.random(Self.byteCount, using: &generator)
        self.authority = authority
    }

    /// Nil where the text is not a token of this kind.
    package init?(_ text: String) {
        guard let bytes = TokenEncoding.decode(text, prefix: Self.prefix, count: 2 * Self.byteCount) else { return nil }
        secret = Array(bytes.prefix(Self.byteCount))
        authority = Array(bytes.suffix(Self.byteCount))
    }

    package var text: String { TokenEncoding.encode(secret + authority, prefix: Self.prefix) }
}
