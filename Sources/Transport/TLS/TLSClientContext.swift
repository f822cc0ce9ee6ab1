internal import COpenSSL

/// Whom a client trusts, and what it shows of itself. The server's name is always verified: that of its host, or a URI.
@safe package final class TLSClientContext: Sendable {
    // OpenSSL counts references of an SSL_CTX and guards it with its own locks; it is not changed after init.
    nonisolated(unsafe) let raw: OpaquePointer
    /// Outlives every connection, which holds on to this context.
    private let pin: AuthorityPin?
    /// A URI that has to be among the server's names; nil where the host's name is enough.
    let requiredURI: String?
    /// What the server is asked for in place of its host's name, which then need not be in its certificate.
    let serverName: String?

    /// Trusts the certificates in a PEM file, or the system's where it is nil.
    package convenience init(trustedCertificatesFile: String?) throws(TransportError) {
        try self.init(trust: trustedCertificatesFile.map { .file($0) } ?? .system)
    }

    /// `identity` is shown to servers that ask for a client's certificate. With `serverName` the server is known by
    /// `requiredURI` alone, whatever address it has.
    package init(
        trust: TLSTrust,
        identity: TLSIdentity? = nil,
        requiredURI: String? = nil,
        serverName: String? = nil
    ) throws(TransportError) {
        precondition(serverName == nil || requiredURI != nil, "nothing would say who the server is")
        unsafe raw = try TLSFailure.context(TLS_client_method())
        self.requiredURI = requiredURI
        self.serverName = serverName
        if case .pinned(let fingerprint) = trust { pin = AuthorityPin(fingerprint: fingerprint) } else { pin = nil }
        unsafe SSL_CTX_set_verify(raw, SSL_VERIFY_PEER) { unsafe CertificateTolerance.judge($0, $1) }
        guard load(trust) else { throw TLSFailure.error("the trusted certificates cannot be read") }
        if let identity { try unsafe TLSFailure.use(identity, in: raw) }
    }

    /// Whether a server was turned down because it did not show the pinned authority: another try does not help.
    package var hasRefusedAuthority: Bool { pin?.hasRefused ?? false }

    private func load(_ trust: TLSTrust) -> Bool {
        switch trust {
        case .system: return unsafe SSL_CTX_set_default_verify_paths(raw) == 1
        case .file(let path): return unsafe SSL_CTX_load_verify_locations(raw, path, nil) == 1
        case .authorities(let bundle):
            return bundle.certificates.allSatisfy {
                unsafe X509_STORE_add_cert(SSL_CTX_get_cert_store(raw), $0.raw) == 1
            }
        case .pinned:
            guard let pin else { return false }
            unsafe SSL_CTX_set_cert_verify_callback(
                raw,
                { context, owner in
                    guard let context = unsafe context, let owner = unsafe owner else { return 0 }
                    return unsafe Unmanaged<AuthorityPin>.fromOpaque(owner).takeUnretainedValue().verify(context)
                },
                Unmanaged.passUnretained(pin).toOpaque()
            )
            return true
        }
    }

    deinit { unsafe SSL_CTX_free(raw) }
}
