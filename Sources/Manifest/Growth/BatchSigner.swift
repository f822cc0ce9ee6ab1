package import Units

/// Says on a relay when hashes of pulled pieces are signed and sent. Whoever downloads at the origin's own rate never makes up
/// for what it had to wait, and each batch costs everybody a check, so:
/// - the first eight pieces of the grant at once, and the last eight;
/// - then when the oldest has waited an eighth of the time since the first piece, 5 to 100 ms;
/// - or when four wait, and the oldest for 10 ms; or 64.
///
/// Consecutive pieces share a batch.
///
/// Bad events: a piece outside the grant's stripes is ours and traps; a piece told twice is noise.
package struct BatchSigner: Sendable {
    /// Pieces that are signed at once at the start, so that the first bytes flow, and at the end, for which all wait.
    package static let immediatePieces = 8
    /// Waiting pieces that force a batch, and the most in one batch.
    package static let piecesPerBatch = 64
    /// The longest a hash waits, at the start and later.
    package static let patience = Duration.milliseconds(5)...Duration.milliseconds(100)
    /// So many are worth a batch once the oldest has waited for this long.
    package static let worthwhilePieces = 4
    package static let shortPatience = Duration.milliseconds(10)

    private let key: SigningKey
    private var grant: PullGrant
    private var grantedPieces: Int
    private var signedPieces = 0
    private var waiting: [PieceIndex: PieceHashes] = [:]
    /// When the first piece was hashed.
    private var began: BootTime?
    private var oldest: BootTime?
    /// When `tick(at:)` has something to do; nil while nothing waits.
    package private(set) var deadline: BootTime?

    /// Traps where the grant is not for this key.
    package init(key: SigningKey, grant: PullGrant) {
        precondition(key.publicKey == grant.relay, "the grant is another relay's")
        self.key = key
        self.grant = grant
        grantedPieces = Self.pieces(of: grant)
    }

    private static func pieces(of grant: PullGrant) -> Int { grant.stripes.reduce(0) { $0 + $1.count.int } }

    /// The relay pulled and hashed a piece.
    package mutating func pieceHashed(_ piece: PieceIndex, _ hashes: PieceHashes, at now: BootTime) -> [HashBatch] {
        precondition(grant.allows(piece), "a piece outside the grant's stripes")
        waiting[piece] = hashes
        let (start, first) = (began ?? now, oldest ?? now)
        (began, oldest) = (start, first)
        let wait = min(max((first - start) / 8, Self.patience.lowerBound), Self.patience.upperBound)
        deadline = first + (waiting.count < Self.worthwhilePieces ? wait : min(wait, Self.shortPatience))
        let isImmediate = signedPieces < Self.immediatePieces || grantedPieces - signedPieces <= Self.immediatePieces
        return isImmediate || waiting.count >= Self.piecesPerBatch ? flush() : tick(at: now)
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
        (oldest, deadline) = (nil, nil)
        return batches
    }

    /// Control gave a new grant (more stripes, a higher epoch); what waits is signed under it. Pieces it no longer covers
    /// are dropped and returned. Traps where the grant is not for this key and blob.
    package mutating func grantReplaced(by grant: PullGrant) -> [PieceIndex] {
        precondition(key.publicKey == grant.relay && grant.blob == self.grant.blob, "the grant is another relay's")
        self.grant = grant
        grantedPieces = Self.pieces(of: grant)
        let dropped = waiting.keys.filter { !grant.allows($0) }.sorted()
        for piece in dropped { waiting[piece] = nil }
        if waiting.isEmpty { (oldest, deadline) = (nil, nil) }
        return dropped
    }

    /// Asserts what holds between events.
    package func checkInvariants() {
        precondition((deadline == nil) == waiting.isEmpty, "a deadline exactly while something waits")
        precondition(waiting.count < Self.piecesPerBatch, "a full batch does not wait")
        precondition(waiting.keys.allSatisfy(grant.allows), "only pieces of the grant wait")
    }
}
