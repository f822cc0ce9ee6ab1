internal import Transport

/// What TLS has proven of the caller: its certificate, signed by an authority that this server trusts.
package struct PeerIdentity: Hashable, Sendable {
    /// The URIs among the certificate's names.
    package let uris: [String]
    /// SHA-256 of its public key, 32 bytes.
    package let keyFingerprint: [UInt8]
    /// When the certificate ends, in seconds since 1970.
    package let notAfter: Int64
    /// SHA-256 of the certificate of the authority that has signed it.
    package let authority: [UInt8]

    package init(uris: [String], keyFingerprint: [UInt8], notAfter: Int64, authority: [UInt8]) {
        self.authority = authority
        self.uris = uris
        self.keyFingerprint = keyFingerprint
        self.notAfter = notAfter
    }

    init(_ certificate: PeerCertificate) {
        self.init(
            uris: certificate.uris,
            keyFingerprint: certificate.keyFingerprint,
            notAfter: certificate.notAfter,
            authority: certificate.authority
        )
    }
}
