internal import COpenSSL
internal import Synchronization

/// Trusts the one authority whose certificate has this SHA-256 fingerprint, which the server sends along: how a node
/// that knows only a join token proves the server before it sends anything.
@safe final class AuthorityPin: Sendable {
    private let fingerprint: [UInt8]
    private let refusal = Mutex(false)

    init(fingerprint: [UInt8]) { self.fingerprint = fingerprint }

    /// Whether a server did not show the pinned authority.
    var hasRefused: Bool { refusal.withLock { $0 } }

    /// Verifies a chain; 1 where it leads to the pinned authority, names and times included.
    func verify(_ context: OpaquePointer) -> CInt {
        let chain = unsafe X509_STORE_CTX_get0_untrusted(context)
        for index in 0..<max(0, unsafe COpenSSL_sk_X509_num(chain)) {
            guard let candidate = unsafe COpenSSL_sk_X509_value(chain, index),
                unsafe Certificate.fingerprint(of: candidate) == fingerprint
            else { continue }
            // The store is the connection's context's own, and trusts nothing else.
            unsafe X509_STORE_add_cert(X509_STORE_CTX_get0_store(context), candidate)
            return unsafe X509_verify_cert(context) == 1 ? 1 : 0
        }
        refusal.withLock { $0 = true }
        unsafe X509_STORE_CTX_set_error(context, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY)
        return 0
    }
}
