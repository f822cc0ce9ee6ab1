package import Units

/// Says on a relay when hashes of pulled pieces are signed and sent: the first eight pieces at once, later ones when 64
/// wait or the oldest has waited 100 ms. Consecutive pieces share a batch.
///
/// Bad events: a piece outside the grant's stripes is ours and traps; a piece told twice is noise.
package struct BatchSigner: Sendable {
    /// Pieces that are signed at once, so that the first bytes flow.
    package static let immediatePieces = 8
    /// Waiting pieces that force a batch, and the most in one batch.
    package static let piecesPerBatch = 64
    /// The longest a hash waits.
    package static let patience = Duration.milliseconds(100)

    private let key: SigningKey
    private var grant: PullGrant
    private var signedPieces = 0
    private var waiting: [PieceIndex: PieceHashes] = [:]
    private var oldest: BootTime?

    /// Traps where the grant is not for this key.
    package init(key: SigningKey, grant: PullGrant) {
        precondition(key.publicKey == grant.relay, "the grant is another relay's")
        self.key = key
        self.grant = grant
    }

    /// When `tick(at:)` has something to do; nil while nothing waits.
    package var deadline: BootTime? { oldest.map { $0 + Self.patience } }

    /// The relay pulled and hashed a piece.
    package mutating func pieceHashed(_ piece: PieceIndex, _ hashes: PieceHashes, at now: BootTime) -> [HashBatch] {
        precondition(grant.allows(piece), "a piece outside the grant's stripes")
        waiting[piece] = hashes
        if oldest == nil { oldest = now }
        if signedPieces < Self.immediatePieces || waiting.count >= Self.piecesPerBatch { return flush() }
        return tick(at: now)
    }

    /// Time passed.
    package mutating func tick(at now: BootTime) -> [HashBatch] {
        guard let deadline, now >= deadline else { return [] }
        return flush()
    }

    /// Signs all that waits, such as after the last piece.
    package mutating func flush() -> [HashBatch] {
        var batches: [HashBatch] = []
        var first: PieceIndex?
        var run: [PieceHashes] = []
        for (piece, hashes) in waiting.sorted(by: { $0.key < $1.key }) {
            if let start = first,
                piece.rawValue != start.rawValue + UInt32(run.count) || run.count == Self.piecesPerBatch
            {
                batches.append(HashBatch.signed(firstPiece: start, hashes: run, grant: grant, by: key))
                first = nil
            }
            if first == nil {
                first = piece
                run = []
            }
            run.append(hashes)
        }
        if let first { batches.append(HashBatch.signed(firstPiece: first, hashes: run, grant: grant, by: key)) }
        signedPieces += waiting.count
        waiting = [:]
        oldest = nil
        return batches
    }

    /// Control gave a new grant (more stripes, a higher epoch); what waits is signed under it. Pieces it no longer covers
    /// are dropped and returned. Traps where the grant is not for this key and blob.
    package mutating func grantReplaced(by grant: PullGrant) -> [PieceIndex] {
        precondition(key.publicKey == grant.relay && grant.blob == self.grant.blob, "the grant is another relay's")
        self.grant = grant
        let dropped = waiting.keys.filter { !grant.allows($0) }.sorted()
        for piece in dropped { waiting[piece] = nil }
        if waiting.isEmpty { oldest = nil }
        return dropped
    }

    /// Asserts what holds between events.
    package func checkInvariants() {
        precondition((oldest == nil) == waiting.isEmpty, "a deadline exactly while something waits")
        precondition(waiting.count < Self.piecesPerBatch, "a full batch does not wait")
        precondition(waiting.keys.allSatisfy(grant.allows), "only pieces of the grant wait")
    }
}
