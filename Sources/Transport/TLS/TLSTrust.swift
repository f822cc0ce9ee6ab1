/// Whom a TLS client believes.
package enum TLSTrust: Sendable {
    /// The authorities the system knows.
    case system
    /// The certificates in a PEM file.
    case file(String)
    /// These authorities.
    case authorities(CertificateBundle)
    /// The authority whose certificate has this SHA-256 fingerprint; the server has to send it along.
    case pinned([UInt8])

    /// One authority.
    package static func authority(_ certificate: Certificate) -> TLSTrust {
        .authorities(CertificateBundle(certificate))
    }
}
