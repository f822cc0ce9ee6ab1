internal import Manifest
internal import Units

/// SHA-256 over a blob's start, as far as its pieces are there without a gap: it goes on as they come, so that the end of a
/// download does not wait for a pass over the whole file.
struct RunningDigest: ~Copyable {
    private(set) var hasher = SHA256Hasher()
    /// The first piece that is not in yet.
    private(set) var next = PieceIndex(0)
    /// How often pieces had been withdrawn when it began.
    let withdrawals: UInt64

    init(after withdrawals: UInt64 = 0) { self.withdrawals = withdrawals }

    /// More bytes of the next piece.
    mutating func update(_ bytes: RawSpan) { hasher.update(bytes) }

    /// The next piece is in whole.
    mutating func pieceEnded() { next = PieceIndex(next.rawValue + 1) }

    /// The digest of everything that is in.
    consuming func finish() -> SHA256Digest { hasher.finish() }
}
