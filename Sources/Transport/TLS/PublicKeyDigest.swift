internal import COpenSSL

/// Names a public key by the SHA-256 of its SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7).
@safe enum PublicKeyDigest {
    static func of(_ key: OpaquePointer?) -> [UInt8] {
        let size = unsafe i2d_PUBKEY(key, nil)
        guard size > 0 else { return [] }
        let encoded = unsafe [UInt8](unsafeUninitializedCapacity: Int(size)) { room, count in
            var at = room.baseAddress
            unsafe count = Int(max(0, i2d_PUBKEY(key, &at)))
        }
        return digest(encoded)
    }

    static func digest(_ bytes: [UInt8]) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { room, count in
            var size: UInt32 = 0
            unsafe _ = EVP_Digest(bytes, bytes.count, room.baseAddress, &size, EVP_sha256(), nil)
            count = Int(size)
        }
    }
}
