internal import COpenSSL

/// A hash function of OpenSSL, fetched once per process: an implicit fetch at every start costs more than a small hash.
///
/// `@unchecked Sendable`: an `EVP_MD` is immutable once fetched, and these two live as long as the process.
@safe final class DigestAlgorithm: @unchecked Sendable {
    static let sha256 = unsafe DigestAlgorithm(EVP_MD_fetch(nil, "SHA256", nil), byteCount: 32)
    static let sha1 = unsafe DigestAlgorithm(EVP_MD_fetch(nil, "SHA1", nil), byteCount: 20)

    let byteCount: Int
    let raw: OpaquePointer

    private init(_ raw: OpaquePointer?, byteCount: Int) {
        guard let raw = unsafe raw else { preconditionFailure("this OpenSSL lacks a hash function") }
        unsafe self.raw = unsafe raw
        self.byteCount = byteCount
    }
}
