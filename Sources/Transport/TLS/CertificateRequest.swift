internal import COpenSSL

/// A certificate signing request (PKCS 10, RFC 2986): a public key and the proof that the sender has its private half.
@safe package final class CertificateRequest: Sendable {
    /// Larger texts are refused.
    package static let maximumBytes = 16 << 10
    /// Security bits of a key at least: RSA of 2048 bits, any curve of 224 bits.
    package static let minimumSecurityBits: CInt = 112

    // Not changed after init.
    nonisolated(unsafe) private let raw: OpaquePointer

    /// One for our own key.
    package init(key: PrivateKey) throws(TransportError) {
        ERR_clear_error()
        guard let made = unsafe X509_REQ_new() else { throw TLSFailure.error("OpenSSL has no memory to give") }
        unsafe raw = unsafe made
        guard unsafe X509_REQ_set_version(raw, 0) == 1, unsafe X509_REQ_set_pubkey(raw, key.raw) == 1,
            unsafe X509_REQ_sign(raw, key.raw, EVP_sha256()) > 0
        else { throw TLSFailure.error("the certificate request cannot be made") }
    }

    /// Reads one that came from elsewhere; throws where its signature does not hold or its key is weak.
    package init(pem: String) throws(TransportError) {
        guard pem.utf8.count <= Self.maximumBytes else {
            throw TransportError(.tls, "a certificate request is at most \(Self.maximumBytes) bytes")
        }
        let bio = try MemoryBIO(pem)
        guard let read = unsafe PEM_read_bio_X509_REQ(bio.raw, nil, { _, _, _, _ in -1 }, nil) else {
            throw TLSFailure.error("this is not a certificate request in PEM")
        }
        unsafe raw = unsafe read
        guard let key = unsafe X509_REQ_get0_pubkey(raw), unsafe X509_REQ_verify(raw, key) == 1 else {
            throw TLSFailure.error("the certificate request is not signed by its own key")
        }
        guard unsafe EVP_PKEY_get_security_bits(key) >= Self.minimumSecurityBits else {
            throw TransportError(.tls, "the key of the certificate request is too weak")
        }
    }

    deinit { unsafe X509_REQ_free(raw) }

    package var pem: String {
        get throws(TransportError) {
            let bio = try MemoryBIO()
            guard unsafe PEM_write_bio_X509_REQ(bio.raw, raw) == 1 else {
                throw TLSFailure.error("the certificate request cannot be written")
            }
            return bio.text
        }
    }

    /// SHA-256 of the public key.
    package var keyFingerprint: [UInt8] { unsafe PublicKeyDigest.of(publicKey) }

    var publicKey: OpaquePointer? { unsafe X509_REQ_get0_pubkey(raw) }
}
