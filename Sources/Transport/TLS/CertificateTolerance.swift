internal import COpenSSL
internal import Glibc

/// Forgives clocks that differ: a certificate that ended, or begins, within five minutes of now still counts.
@safe package enum CertificateTolerance {
    /// In seconds.
    package static let seconds = 300

    /// How long ago a client's certificate may have ended so that its handshake succeeds: a year. Whoever serves it decides
    /// what it may still do.
    package static let clientSeconds = 366 * 86_400

    /// OpenSSL's verdict on one certificate of a server's chain, revised.
    static func judge(_ isValid: CInt, _ store: OpaquePointer?) -> CInt { unsafe judge(isValid, store, ended: seconds) }

    /// On one of a client's chain.
    static func judgeClient(_ isValid: CInt, _ store: OpaquePointer?) -> CInt {
        unsafe judge(isValid, store, ended: clientSeconds)
    }

    private static func judge(_ isValid: CInt, _ store: OpaquePointer?, ended: Int) -> CInt {
        guard isValid == 0, let store = unsafe store else { return isValid }
        guard let certificate = unsafe X509_STORE_CTX_get_current_cert(store) else { return 0 }
        let now = time(nil)
        var (earlier, later) = (now - ended, now + seconds)
        switch unsafe X509_STORE_CTX_get_error(store) {
        case X509_V_ERR_CERT_HAS_EXPIRED:
            guard unsafe X509_cmp_time(X509_get0_notAfter(certificate), &earlier) > 0 else { return 0 }
        case X509_V_ERR_CERT_NOT_YET_VALID:
            guard unsafe X509_cmp_time(X509_get0_notBefore(certificate), &later) < 0 else { return 0 }
        default: return 0
        }
        unsafe X509_STORE_CTX_set_error(store, X509_V_OK)
        return 1
    }
}
