internal import COpenSSL
internal import Glibc

/// One X.509 certificate (RFC 5280).
@safe package final class Certificate: Sendable {
    // OpenSSL counts references of an X509 and guards its caches; it is not changed after init.
    nonisolated(unsafe) let raw: OpaquePointer

    /// Takes over one reference.
    init(adopting raw: OpaquePointer) { unsafe self.raw = unsafe raw }

    /// Reads the first certificate of a PEM text.
    package init(pem: String) throws(TransportError) {
        let bio = try MemoryBIO(pem)
        guard let raw = unsafe PEM_read_bio_X509(bio.raw, nil, { _, _, _, _ in -1 }, nil) else {
            throw TLSFailure.error("this is not a certificate in PEM")
        }
        unsafe self.raw = unsafe raw
    }

    deinit { unsafe X509_free(raw) }

    package var pem: String {
        get throws(TransportError) {
            let bio = try MemoryBIO()
            guard unsafe PEM_write_bio_X509(bio.raw, raw) == 1 else {
                throw TLSFailure.error("the certificate cannot be written")
            }
            return bio.text
        }
    }

    /// SHA-256 of the whole certificate, as `openssl x509 -fingerprint -sha256` shows it.
    package var fingerprint: [UInt8] { unsafe Self.fingerprint(of: raw) }

    static func fingerprint(of raw: OpaquePointer) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { room, count in
            var size: UInt32 = 0
            unsafe _ = X509_digest(raw, EVP_sha256(), room.baseAddress, &size)
            count = Int(size)
        }
    }

    /// SHA-256 of the public key; the same as its `PrivateKey.fingerprint`.
    package var keyFingerprint: [UInt8] { unsafe PublicKeyDigest.of(X509_get0_pubkey(raw)) }

    /// When it begins to be good, in seconds since 1970.
    package var notBefore: Int64 { unsafe Self.seconds(X509_get0_notBefore(raw)) }

    /// When it ends, in seconds since 1970.
    package var notAfter: Int64 { unsafe Self.seconds(X509_get0_notAfter(raw)) }

    /// The URIs among its subject alternative names.
    package var uris: [String] {
        guard let names = unsafe X509_get_ext_d2i(raw, NID_subject_alt_name, nil, nil) else { return [] }
        let list = OpaquePointer(names)
        defer { unsafe GENERAL_NAMES_free(list) }
        var uris: [String] = []
        for index in 0..<max(0, unsafe COpenSSL_sk_GENERAL_NAME_num(list)) {
            guard let uri = unsafe COpenSSL_GENERAL_NAME_uri(list, index) else { continue }
            let bytes = unsafe UnsafeBufferPointer(
                start: ASN1_STRING_get0_data(uri),
                count: Int(ASN1_STRING_length(uri))
            )
            unsafe uris.append(String(decoding: bytes, as: UTF8.self))
        }
        return uris
    }

    /// Whether a host name or an address is among its subject alternative names.
    package func isFor(host: String) -> Bool {
        if unsafe X509_check_ip_asc(raw, host, 0) == 1 { return true }
        return unsafe X509_check_host(raw, host, host.utf8.count, 0, nil) == 1
    }

    /// Whether the authority's key has signed it.
    package func isSigned(by authority: Certificate) -> Bool {
        ERR_clear_error()
        defer { ERR_clear_error() }
        return unsafe X509_verify(raw, X509_get0_pubkey(authority.raw)) == 1
    }

    /// Whether its subject has the same name as another's.
    package func hasSubject(of other: Certificate) -> Bool {
        unsafe X509_NAME_cmp(X509_get_subject_name(raw), X509_get_subject_name(other.raw)) == 0
    }

    /// Whether it is its own authority.
    package var isSelfSigned: Bool { isSigned(by: self) }

    private static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64 {
        var parts = unsafe tm()
        guard unsafe ASN1_TIME_to_tm(time, &parts) == 1 else { return 0 }
        return Int64(unsafe timegm(&parts))
    }
}
