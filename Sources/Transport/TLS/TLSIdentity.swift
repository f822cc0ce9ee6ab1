/// What one end of a TLS connection shows: a certificate, and its private key.
package struct TLSIdentity: Sendable {
    package let certificate: Certificate
    package let key: PrivateKey

    package init(certificate: Certificate, key: PrivateKey) {
        self.certificate = certificate
        self.key = key
    }
}
