package import Units

/// Computes both hashes of one piece in one pass over its bytes.
package struct PieceHasher: ~Copyable {
    private static let leafLength = Int(Block.maximumLength)
    private var sha1 = DigestContext(.sha1)
    private var sha256 = DigestContext(.sha256)
    private let length: Int
    private let width: Int
    private var taken = 0
    private var leaves: [UInt8] = []

    /// For a piece of the blob. Traps beyond the last piece.
    package init(geometry: PieceGeometry, piece: PieceIndex) {
        length = Int(geometry.length(of: piece))
        width = geometry.leavesPerPieceRoot
        leaves.reserveCapacity(width * SHA256Digest.byteCount)
    }

    /// Takes the next bytes of the piece. Traps beyond the piece's end.
    package mutating func update(_ bytes: RawSpan) {
        precondition(taken + bytes.byteCount <= length, "more bytes than the piece has")
        var position = 0
        while position < bytes.byteCount {
            // One leaf at a time into both, so that the second hash finds the bytes in the first-level cache.
            let room = Self.leafLength - taken % Self.leafLength
            let part = bytes.extracting(position..<min(position + room, bytes.byteCount))
            sha1.update(part)
            sha256.update(part)
            position += part.byteCount
            taken += part.byteCount
            if taken % Self.leafLength == 0 || taken == length { sha256.finish(appendingTo: &leaves) }
        }
    }

    /// Both hashes. Traps where bytes are missing.
    package consuming func finish() -> PieceHashes {
        precondition(taken == length, "fewer bytes than the piece has")
        leaves.append(contentsOf: repeatElement(0, count: width * SHA256Digest.byteCount - leaves.count))
        MerkleTree.fold(&leaves, count: width, with: &sha256)
        var digest: [UInt8] = []
        sha1.finish(appendingTo: &digest)
        return PieceHashes(
            merkleRoot: SHA256Digest(exactly: Array(leaves[..<SHA256Digest.byteCount])),
            sha1: SHA1Digest(exactly: digest)
        )
    }
}
