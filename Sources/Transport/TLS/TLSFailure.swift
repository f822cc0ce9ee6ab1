internal import COpenSSL

/// OpenSSL's errors as ours, and the start of a context.
@safe enum TLSFailure {
    static func context(_ method: OpaquePointer?) throws(TransportError) -> OpaquePointer {
        ERR_clear_error()
        guard let context = unsafe SSL_CTX_new(method) else { throw error("OpenSSL has no context to give") }
        unsafe COpenSSL_SSL_CTX_set_min_proto_version(context, COpenSSL_TLS1_2_VERSION())
        unsafe COpenSSL_SSL_CTX_set_mode(context, COpenSSL_release_buffers_mode())
        unsafe COpenSSL_SSL_CTX_set_options(context)
        return unsafe context
    }

    /// Shows a certificate and proves it with its key.
    static func use(_ identity: TLSIdentity, in context: OpaquePointer) throws(TransportError) {
        ERR_clear_error()
        guard unsafe SSL_CTX_use_certificate(context, identity.certificate.raw) == 1,
            unsafe SSL_CTX_use_PrivateKey(context, identity.key.raw) == 1,
            unsafe SSL_CTX_check_private_key(context) == 1
        else { throw error("the certificate and its key cannot be used") }
    }

    /// What OpenSSL's queue says, drained, behind our own words.
    static func error(_ message: String) -> TransportError {
        var reasons: [String] = []
        while true {
            let code = ERR_get_error()
            guard code != 0, reasons.count < 8 else { break }
            if let reason = unsafe ERR_reason_error_string(code) { reasons.append(unsafe String(cString: reason)) }
        }
        ERR_clear_error()
        return TransportError(.tls, reasons.isEmpty ? message : "\(message): \(reasons.joined(separator: ", "))")
    }
}
