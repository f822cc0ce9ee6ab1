internal import COpenSSL

/// A certificate authority: signs certificates for keys it is shown.
package struct CertificateAuthority: Sendable {
    /// A certificate begins this many seconds before it is made, for machines whose clocks are behind.
    package static let backdating: Int64 = 300
    /// How long an authority's own certificate is good, in seconds: ten years.
    package static let lifetime: Int64 = 10 * 365 * 86_400

    package let certificate: Certificate
    package let key: PrivateKey

    /// An authority that was made before; throws where key and certificate do not belong together.
    package init(certificate: Certificate, key: PrivateKey) throws(TransportError) {
        guard certificate.keyFingerprint == key.fingerprint else {
            throw TransportError(.tls, "the authority's key does not belong to its certificate")
        }
        self.certificate = certificate
        self.key = key
    }

    /// Makes a new one at `now`, seconds since 1970.
    package static func make(commonName: String, now: Int64) throws(TransportError) -> CertificateAuthority {
        try make(.commonName(commonName), now: now)
    }

    /// Makes one that can take this one's place: with a key of its own, under the same name, which `link` needs.
    package func successor(now: Int64) throws(TransportError) -> CertificateAuthority {
        try Self.make(.same(as: certificate), now: now)
    }

    /// One authority may stand below it, which is a link: programs in Go count that too, although it is self-issued. Those
    /// made before there were links have a `pathLength` of 0.
    static func make(
        _ subject: CertificateDraft.Subject,
        now: Int64,
        pathLength: Int = 1
    ) throws(TransportError) -> CertificateAuthority {
        let key = try PrivateKey()
        let draft = try CertificateDraft(subject, from: now - backdating, until: now + lifetime)
        try unsafe draft.set(publicKey: key.raw)
        try draft.setIssuer(nil)
        try draft.add(NID_basic_constraints, "critical,CA:TRUE,pathlen:\(pathLength)", issuer: nil)
        try draft.add(NID_key_usage, "critical,keyCertSign,cRLSign", issuer: nil)
        try draft.add(NID_subject_key_identifier, "hash", issuer: nil)
        return try CertificateAuthority(certificate: try draft.signed(by: key), key: key)
    }

    /// Signs the key of another authority: who trusts this one alone believes what the other signs, as long as this is sent
    /// along (RFC 4210 section 4.4, "new with old"). Both have to share their name: then it is self-issued, and does not
    /// count for the length of a path (RFC 5280 section 4.2.1.9), which for our first authorities was none.
    package func link(to other: CertificateAuthority, now: Int64) throws(TransportError) -> Certificate {
        guard certificate.hasSubject(of: other.certificate) else {
            throw TransportError(.tls, "the authorities do not have the same name")
        }
        let draft = try CertificateDraft(
            .same(as: other.certificate),
            from: now - Self.backdating,
            until: min(certificate.notAfter, other.certificate.notAfter)
        )
        try unsafe draft.set(publicKey: other.key.raw)
        try draft.setIssuer(certificate)
        try draft.add(NID_basic_constraints, "critical,CA:TRUE,pathlen:0", issuer: certificate)
        try draft.add(NID_key_usage, "critical,keyCertSign,cRLSign", issuer: certificate)
        try draft.add(NID_subject_key_identifier, "hash", issuer: certificate)
        try draft.add(NID_authority_key_identifier, "keyid:always", issuer: certificate)
        return try draft.signed(by: key)
    }

    /// Signs a certificate for the request's key at `now`, seconds since 1970.
    package func issue(
        _ profile: CertificateProfile,
        for request: CertificateRequest,
        now: Int64
    ) throws(TransportError) -> Certificate {
        guard let names = profile.alternativeNames else {
            throw TransportError(.tls, "a certificate needs names, and plain ones")
        }
        let usages = (profile.isServer ? ["serverAuth"] : []) + (profile.isClient ? ["clientAuth"] : [])
        guard !usages.isEmpty else { throw TransportError(.tls, "a certificate is for a server or a client") }
        let draft = try CertificateDraft(
            .commonName(profile.commonName),
            from: now - Self.backdating,
            until: min(now + profile.lifetime, certificate.notAfter)
        )
        try unsafe draft.set(publicKey: request.publicKey)
        try draft.setIssuer(certificate)
        try draft.add(NID_basic_constraints, "critical,CA:FALSE", issuer: certificate)
        try draft.add(NID_key_usage, "critical,digitalSignature", issuer: certificate)
        try draft.add(NID_ext_key_usage, usages.joined(separator: ","), issuer: certificate)
        try draft.add(NID_subject_key_identifier, "hash", issuer: certificate)
        try draft.add(NID_authority_key_identifier, "keyid:always", issuer: certificate)
        try draft.add(NID_subject_alt_name, names, issuer: certificate)
        return try draft.signed(by: key)
    }
}
