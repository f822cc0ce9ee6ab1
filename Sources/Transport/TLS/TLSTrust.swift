/// Whom a TLS client believes.
package enum TLSTrust: Sendable {
    /// The authorities the system knows.
    case system
    /// The certificates in a PEM file.
    case file(String)
    /// One authority.
    case authority(Certificate)
    /// The authority whose certificate has this SHA-256 fingerprint; the server has to send it along.
    case pinned([UInt8])
}
