internal import COpenSSL

/// A certificate that is being filled in (RFC 5280 section 4.1).
@safe final class CertificateDraft {
    /// Whom it is about.
    enum Subject {
        case commonName(String)
        /// The name that another certificate has.
        case same(as: Certificate)
    }

    private let raw: OpaquePointer
    private let certificate: Certificate

    /// Version 3, with a random serial number of 127 bits; times in seconds since 1970.
    init(_ subject: Subject, from start: Int64, until end: Int64) throws(TransportError) {
        ERR_clear_error()
        guard let made = unsafe X509_new() else { throw TLSFailure.error("OpenSSL has no memory to give") }
        unsafe raw = unsafe made
        certificate = unsafe Certificate(adopting: made)
        guard unsafe X509_set_version(raw, 2) == 1 else { throw TLSFailure.error("no certificate can be made") }
        try setSerialNumber()
        guard unsafe ASN1_TIME_set(X509_getm_notBefore(raw), Int(start)) != nil,
            unsafe ASN1_TIME_set(X509_getm_notAfter(raw), Int(end)) != nil, set(subject)
        else { throw TLSFailure.error("the certificate's times and name cannot be set") }
    }

    private func set(_ subject: Subject) -> Bool {
        switch subject {
        case .commonName(let text):
            let name = unsafe X509_get_subject_name(raw)
            return unsafe X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1
        case .same(let other): return unsafe X509_set_subject_name(raw, X509_get_subject_name(other.raw)) == 1
        }
    }

    private func setSerialNumber() throws(TransportError) {
        var bytes = [UInt8](repeating: 0, count: 16)
        guard unsafe RAND_bytes(&bytes, CInt(bytes.count)) == 1 else { throw TLSFailure.error("no random numbers") }
        // Positive and not zero (RFC 5280 section 4.1.2.2).
        bytes[0] = bytes[0] & 0x7F | 0x40
        let number = unsafe BN_bin2bn(bytes, CInt(bytes.count), nil)
        defer { unsafe BN_free(number) }
        guard unsafe BN_to_ASN1_INTEGER(number, X509_get_serialNumber(raw)) != nil else {
            throw TLSFailure.error("the serial number cannot be set")
        }
    }

    func set(publicKey: OpaquePointer?) throws(TransportError) {
        guard unsafe X509_set_pubkey(raw, publicKey) == 1 else { throw TLSFailure.error("the key cannot be set") }
    }

    /// Nil for a certificate that is its own issuer.
    func setIssuer(_ issuer: Certificate?) throws(TransportError) {
        let name = unsafe X509_get_subject_name(issuer?.raw ?? raw)
        guard unsafe X509_set_issuer_name(raw, name) == 1 else { throw TLSFailure.error("the issuer cannot be set") }
    }

    /// Adds an extension in OpenSSL's notation.
    func add(_ kind: CInt, _ value: String, issuer: Certificate?) throws(TransportError) {
        var context = unsafe X509V3_CTX()
        unsafe X509V3_set_ctx(&context, issuer?.raw ?? raw, raw, nil, nil, 0)
        guard let made = unsafe X509V3_EXT_conf_nid(nil, &context, kind, value) else {
            throw TLSFailure.error("the certificate cannot say \(value)")
        }
        defer { unsafe X509_EXTENSION_free(made) }
        guard unsafe X509_add_ext(raw, made, -1) == 1 else {
            throw TLSFailure.error("the certificate cannot say \(value)")
        }
    }

    func signed(by key: PrivateKey) throws(TransportError) -> Certificate {
        guard unsafe X509_sign(raw, key.raw, EVP_sha256()) > 0 else {
            throw TLSFailure.error("the certificate cannot be signed")
        }
        return certificate
    }
}
