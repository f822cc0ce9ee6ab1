internal import COpenSSL

/// A server's certificate and key, ready for any number of connections.
@safe package final class TLSServerContext: Sendable {
    // OpenSSL counts references of an SSL_CTX and guards it with its own locks; it is not changed after init.
    nonisolated(unsafe) let raw: OpaquePointer
    /// Outlives every connection, which holds on to this context.
    private let named: TLSNamedSlot?

    /// Loads PEM files; the certificate file holds the chain, the server's own first. Clients that ask for the name of
    /// `named` are shown what is there instead.
    package init(
        certificateFile: String,
        keyFile: String,
        named: TLSNamedSlot? = nil
    ) throws(TransportError) {
        self.named = named
        unsafe raw = try TLSFailure.context(TLS_server_method())
        guard unsafe SSL_CTX_use_certificate_chain_file(raw, certificateFile) == 1 else {
            throw TLSFailure.error("the certificate \(certificateFile) cannot be used")
        }
        guard unsafe SSL_CTX_use_PrivateKey_file(raw, keyFile, SSL_FILETYPE_PEM) == 1,
            unsafe SSL_CTX_check_private_key(raw) == 1
        else { throw TLSFailure.error("the key \(keyFile) cannot be used with the certificate") }
        chooseProtocols()
        guard let named else { return }
        unsafe COpenSSL_SSL_CTX_set_tlsext_servername_callback(
            raw,
            { connection, _, owner in
                guard let connection = unsafe connection, let owner = unsafe owner else { return SSL_TLSEXT_ERR_NOACK }
                return unsafe Unmanaged<TLSNamedSlot>.fromOpaque(owner).takeUnretainedValue().choose(for: connection)
            },
            Unmanaged.passUnretained(named).toOpaque()
        )
    }

    /// Shows `identity` and sends its chain and the `authorities` along. With `asksClients`, clients may show a certificate by
    /// one of these; one by another ends the handshake. Whether one has ended is for the server to judge
    /// (`CertificateTolerance`).
    package init(identity: TLSIdentity, authorities: CertificateBundle, asksClients: Bool) throws(TransportError) {
        named = nil
        unsafe raw = try TLSFailure.context(TLS_server_method())
        try unsafe TLSFailure.use(identity, in: raw)
        // What leads from one authority to another comes first: of two issuers of one name and key, verifiers take the
        // earlier one.
        for certificate in identity.chain + authorities.certificates {
            guard unsafe COpenSSL_SSL_CTX_add1_chain_cert(raw, certificate.raw) == 1 else {
                throw TLSFailure.error("the authority's certificate cannot be sent along")
            }
        }
        if asksClients {
            for authority in authorities.certificates {
                guard unsafe X509_STORE_add_cert(SSL_CTX_get_cert_store(raw), authority.raw) == 1,
                    unsafe SSL_CTX_add_client_CA(raw, authority.raw) == 1
                else { throw TLSFailure.error("the authority cannot be trusted") }
            }
            unsafe SSL_CTX_set_verify(raw, SSL_VERIFY_PEER) { unsafe CertificateTolerance.judgeClient($0, $1) }
            unsafe COpenSSL_SSL_CTX_no_resumption(raw)
        }
        chooseProtocols()
    }

    private func chooseProtocols() {
        unsafe SSL_CTX_set_alpn_select_cb(
            raw,
            { _, chosen, length, offered, count, _ in
                unsafe TLSServerContext.choose(chosen, length, offered, Int(count))
            },
            nil
        )
    }

    deinit { unsafe SSL_CTX_free(raw) }

    /// h2 before http/1.1 (RFC 7301 section 3.2: by the server's preference).
    private static func choose(
        _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
        _ length: UnsafeMutablePointer<UInt8>?,
        _ offered: UnsafePointer<UInt8>?,
        _ count: Int
    ) -> CInt {
        guard let offered = unsafe offered else { return SSL_TLSEXT_ERR_NOACK }
        for wanted in ["h2", "http/1.1"] {
            var at = 0
            while at < count {
                let size = unsafe Int(offered[at])
                guard at + 1 + size <= count else { break }
                let name = unsafe UnsafeBufferPointer(start: offered + at + 1, count: size)
                if unsafe name.elementsEqual(wanted.utf8) {
                    unsafe chosen?.pointee = unsafe offered + at + 1
                    unsafe length?.pointee = UInt8(size)
                    return SSL_TLSEXT_ERR_OK
                }
                at += 1 + size
            }
        }
        return SSL_TLSEXT_ERR_ALERT_FATAL
    }
}
