/// What Manifest accepts at most from strangers.
package enum Limits {
    /// Pieces of one blob; 16 MiB pieces reach 64 TiB. Source: memory of 64 bytes a piece stays under 256 MiB.
    package static let maximumPieces: UInt32 = 4_194_304
    /// Piece hashes in one batch. Source: a batch of 53 KiB fits every transport's message limit.
    package static let maximumBatchHashes = 1024
    /// Stripes in one grant. Source: a grant stays under 9 KiB.
    package static let maximumStripes = 1024
    /// Bytes of an encoded grant.
    package static let maximumGrantBytes = 160 + maximumStripes * 8 + 64
    /// Bytes of an encoded batch.
    package static let maximumBatchBytes = 128 + maximumBatchHashes * 52 + maximumGrantBytes
    /// Distinct grants whose verified signatures are remembered for one blob.
    package static let maximumVerifiedGrants = 1024
}
