package import Units

extension LiveID {
    /// The live id of a blob: the first 20 bytes of SHA-256 over a label and the blob id.
    package init(of blob: BlobID) {
        let digest = SHA256Hasher.digest(of: Array("sluice live v1\0".utf8) + blob.bytes)
        guard let id = LiveID(bytes: digest.bytes.prefix(Self.byteCount)) else {
            preconditionFailure("SHA-256 is longer than a live id")
        }
        self = id
    }
}
