internal import COpenSSL

/// A private key of a TLS certificate: P-256, which every TLS library speaks. It never leaves the machine it was made on.
@safe package final class PrivateKey: Sendable {
    // OpenSSL counts references of an EVP_PKEY; it is only read after init.
    nonisolated(unsafe) let raw: OpaquePointer

    /// Makes a new one.
    package init() throws(TransportError) {
        ERR_clear_error()
        guard let raw = unsafe COpenSSL_EVP_EC_gen_p256() else { throw TLSFailure.error("no key could be made") }
        unsafe self.raw = unsafe raw
    }

    /// Reads an unencrypted key.
    package init(pem: String) throws(TransportError) {
        let bio = try MemoryBIO(pem)
        // An encrypted key fails here instead of asking the terminal for its password.
        let key = unsafe PEM_read_bio_PrivateKey(bio.raw, nil, { _, _, _, _ in -1 }, nil)
        guard let key = unsafe key else { throw TLSFailure.error("this is not an unencrypted private key in PEM") }
        unsafe self.raw = unsafe key
    }

    deinit { unsafe EVP_PKEY_free(raw) }

    /// PKCS 8, unencrypted: for a file that only its owner reads.
    package var pem: String {
        get throws(TransportError) {
            let bio = try MemoryBIO()
            guard unsafe PEM_write_bio_PrivateKey(bio.raw, raw, nil, nil, 0, nil, nil) == 1 else {
                throw TLSFailure.error("the key cannot be written")
            }
            return bio.text
        }
    }

    /// SHA-256 of the public half, as `openssl pkey -pubout -outform der` writes it.
    package var fingerprint: [UInt8] { unsafe PublicKeyDigest.of(raw) }
}
