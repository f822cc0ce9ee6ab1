internal import COpenSSL

/// Whom a client trusts. The server's name is always verified.
@safe package final class TLSClientContext: Sendable {
    // OpenSSL counts references of an SSL_CTX and guards it with its own locks; it is not changed after init.
    nonisolated(unsafe) let raw: OpaquePointer

    /// Trusts the certificates in a PEM file, or the system's where it is nil.
    package init(trustedCertificatesFile: String?) throws(TransportError) {
        unsafe raw = try TLSFailure.context(TLS_client_method())
        let loaded =
            if let trustedCertificatesFile {
                unsafe SSL_CTX_load_verify_locations(raw, trustedCertificatesFile, nil)
            } else {
                unsafe SSL_CTX_set_default_verify_paths(raw)
            }
        guard loaded == 1 else { throw TLSFailure.error("the trusted certificates cannot be read") }
        unsafe SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nil)
    }

    deinit { unsafe SSL_CTX_free(raw) }
}
