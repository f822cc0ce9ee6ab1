/// An API token as its bearer has it: 256 random bits behind `sluice_api_`. Control keeps only the SHA-256 of the secret.
package struct APITokenText: Sendable, Hashable {
    /// The secret's size.
    package static let byteCount = 32
    private static let prefix = "sluice_api_"

    package let secret: [UInt8]

    /// A new one.
    package init(using generator: inout some RandomNumberGenerator) {
        secret = TokenEncoding.random(Self.byteCount, using: &generator)
    }

    /// Nil where the text is not a token of this kind.
    package init?(_ text: String) {
        guard let bytes = TokenEncoding.decode(text, prefix: Self.prefix, count: Self.byteCount) else { return nil }
        secret = bytes
    }

    package var text: String { TokenEncoding.encode(secret, prefix: Self.prefix) }
}
