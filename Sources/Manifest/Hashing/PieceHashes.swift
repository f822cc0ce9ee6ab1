/// Both hashes of one piece: BEP 52's and BEP 3's.
package struct PieceHashes: Hashable, Sendable {
    /// The SHA-256 merkle root over the piece's 16 KiB leaves (BEP 52).
    package let merkleRoot: SHA256Digest
    /// SHA-1 of the piece's bytes (BEP 3).
    package let sha1: SHA1Digest
    package init(merkleRoot: SHA256Digest, sha1: SHA1Digest) {
        self.merkleRoot = merkleRoot
        self.sha1 = sha1
    }
}
