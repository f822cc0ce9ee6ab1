/// What is known about the right bytes of a piece; a publisher's v1 torrent has only SHA-1, its v2 torrent only roots.
package enum PieceExpectation: Hashable, Sendable {
    case merkleRoot(SHA256Digest), sha1(SHA1Digest), both(PieceHashes)

    /// Whether a piece with these hashes is the expected one.
    package func matches(_ hashes: PieceHashes) -> Bool {
        switch self {
        case .merkleRoot(let root): root == hashes.merkleRoot
        case .sha1(let digest): digest == hashes.sha1
        case .both(let both): both == hashes
        }
    }

    /// Both hashes, where both are known.
    package var hashes: PieceHashes? {
        if case .both(let both) = self { both } else { nil }
    }
}
