/// What one end of a TLS connection shows: a certificate, and its private key.
package struct TLSIdentity: Sendable {
    /// Certificates behind the first in a file at most.
    private static let longestChain = 4

    package let certificate: Certificate
    package let key: PrivateKey
    /// What a server sends along, so that those can verify it who trust none but an earlier authority.
    package let chain: [Certificate]

    package init(certificate: Certificate, key: PrivateKey, chain: [Certificate] = []) {
        self.certificate = certificate
        self.key = key
        self.chain = chain
    }

    /// Reads certificate and chain out of one PEM text; throws where the certificate is not for the key.
    package init(certificates pem: String, key: PrivateKey) throws(TransportError) {
        let all = try CertificateBundle(pem: pem).certificates
        guard all.count <= 1 + Self.longestChain, all[0].keyFingerprint == key.fingerprint else {
            throw TransportError(.tls, "the certificate is not for this key, or has too many behind it")
        }
        self.init(certificate: all[0], key: key, chain: Array(all.dropFirst()))
    }

    /// Certificate and chain in one PEM text.
    package var pem: String {
        get throws(TransportError) { try CertificateBundle(certificate, chain).pem }
    }
}
