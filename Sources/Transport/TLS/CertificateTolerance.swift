internal import COpenSSL
internal import Glibc

/// Forgives clocks that differ: a certificate that ended, or begins, within five minutes of now still counts.
@safe package enum CertificateTolerance {
    /// In seconds.
    package static let seconds = 300

    /// OpenSSL's verdict on one certificate of a chain, revised.
    static func judge(_ isValid: CInt, _ store: OpaquePointer?) -> CInt {
        guard isValid == 0, let store = unsafe store else { return isValid }
        guard let certificate = unsafe X509_STORE_CTX_get_current_cert(store) else { return 0 }
        let now = time(nil)
        var (earlier, later) = (now - seconds, now + seconds)
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
