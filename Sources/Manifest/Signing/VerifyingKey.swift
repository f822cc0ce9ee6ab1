internal import COpenSSL
internal import Units

/// The public half of an Ed25519 key (RFC 8032).
package struct VerifyingKey: FixedBytes {
    /// 32.
    package static let byteCount = 32
    /// Exactly 32 bytes.
    package let bytes: [UInt8]
    /// Nil where there are not exactly 32 bytes.
    package init?(bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }

    /// Whether the holder of the signing key signed exactly `message`. False as well for bytes that are no key.
    package func verifies(_ signature: Signature, of message: [UInt8]) -> Bool {
        ERR_clear_error()
        guard let key = unsafe EVP_PKEY_new_raw_public_key(COpenSSL_ed25519, nil, bytes, bytes.count) else {
            ERR_clear_error()
            return false
        }
        defer { unsafe EVP_PKEY_free(key) }
        guard let context = unsafe EVP_MD_CTX_new() else { return false }
        defer { unsafe EVP_MD_CTX_free(context) }
        guard unsafe EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1 else { return false }
        let result = unsafe EVP_DigestVerify(
            context,
            signature.bytes,
            signature.bytes.count,
            message,
            message.count
        )
        ERR_clear_error()
        return result == 1
    }
}
