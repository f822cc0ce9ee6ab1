internal import COpenSSL

/// Owns one `EVP_PKEY`.
///
/// `@unchecked Sendable`: the key is only read after `init`, and every signature has a context of its own.
@safe final class SigningKeyHandle: @unchecked Sendable {
    private let raw: OpaquePointer

    init?(seed: [UInt8]) {
        ERR_clear_error()
        guard let raw = unsafe EVP_PKEY_new_raw_private_key(COpenSSL_ed25519, nil, seed, seed.count) else {
            ERR_clear_error()
            return nil
        }
        unsafe self.raw = unsafe raw
    }

    deinit { unsafe EVP_PKEY_free(raw) }

    var publicKey: VerifyingKey? {
        var bytes = [UInt8](repeating: 0, count: VerifyingKey.byteCount)
        var count = bytes.count
        let result = unsafe bytes.withUnsafeMutableBufferPointer {
            unsafe EVP_PKEY_get_raw_public_key(raw, $0.baseAddress, &count)
        }
        return result == 1 && count == bytes.count ? VerifyingKey(bytes: bytes) : nil
    }

    func sign(_ message: [UInt8]) -> Signature {
        guard let context = unsafe EVP_MD_CTX_new() else { preconditionFailure("out of memory for a signature") }
        defer { unsafe EVP_MD_CTX_free(context) }
        var bytes = [UInt8](repeating: 0, count: Signature.byteCount)
        var count = bytes.count
        var result = unsafe EVP_DigestSignInit(context, nil, nil, nil, raw)
        precondition(result == 1, "a signature did not start")
        result = unsafe bytes.withUnsafeMutableBufferPointer {
            unsafe EVP_DigestSign(context, $0.baseAddress, &count, message, message.count)
        }
        precondition(result == 1 && count == Signature.byteCount, "a signature did not end")
        return Signature(exactly: bytes)
    }
}
