internal import COpenSSL

/// The secret half of an Ed25519 key (RFC 8032).
package struct SigningKey: Sendable {
    /// The 32 secret bytes, for keeping on disk.
    package let seed: [UInt8]
    /// What others check signatures with.
    package let publicKey: VerifyingKey
    private let handle: SigningKeyHandle

    /// A new random key.
    package init() {
        var seed = [UInt8](repeating: 0, count: 32)
        let result = unsafe seed.withUnsafeMutableBufferPointer { unsafe RAND_priv_bytes($0.baseAddress, 32) }
        guard result == 1, let key = SigningKey(seed: seed) else {
            preconditionFailure("OpenSSL has no random bytes for a key")
        }
        self = key
    }

    /// The key of these 32 secret bytes; nil where there are not 32.
    package init?(seed: [UInt8]) {
        guard seed.count == 32, let handle = SigningKeyHandle(seed: seed) else { return nil }
        guard let publicKey = handle.publicKey else { return nil }
        self.seed = seed
        self.publicKey = publicKey
        self.handle = handle
    }

    /// Signs exactly `message`; equal messages give equal signatures.
    package func sign(_ message: [UInt8]) -> Signature { handle.sign(message) }
}
