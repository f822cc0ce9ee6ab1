internal import Manifest
internal import Units

/// What a blob's cache knows in memory: proven pieces, who waits for others, who is told. A value: the cache guards it.
struct BlobState {
    /// What the caller does after unlocking.
    struct Wakeup {
        var waits: [CheckedContinuation<WaitOutcome, Never>] = []
        var subscribers: [AsyncStream<PieceIndex>.Continuation] = []
    }
    private struct Wait {
        let piece: PieceIndex
        let continuation: CheckedContinuation<WaitOutcome, Never>
    }

    private(set) var available: PieceSet
    private(set) var hashes: [PieceHashes?]
    private(set) var isRemoved = false
    private(set) var digest: SHA256Digest?
    /// How often pieces were withdrawn: what was digested before does not count.
    private(set) var withdrawals: UInt64 = 0
    /// Withdrawn pieces that the journal does not know of yet.
    private var unrecorded: [PieceIndex] = []
    /// Pieces being written, with their hashes: equal bytes may be written twice at once, different ones never.
    private var writing: [PieceIndex: (hashes: PieceHashes, count: Int)] = [:]
    private var waits: [UInt64: Wait] = [:]
    private var subscribers: [UInt64: AsyncStream<PieceIndex>.Continuation] = [:]

    init(capacity: PieceCount, proven: [PieceIndex: PieceHashes]) {
        available = PieceSet(capacity: capacity)
        hashes = Array(repeating: nil, count: capacity.int)
        for (piece, pair) in proven {
            available.insert(piece)
            hashes[piece.int] = pair
        }
    }

    enum WriteStart { case write, alreadyThere, conflict, removed }

    mutating func writeStarted(_ piece: PieceIndex, _ pair: PieceHashes) -> WriteStart {
        if isRemoved { return .removed }
        if let known = hashes[piece.int] { return known == pair ? .alreadyThere : .conflict }
        if let other = writing[piece] {
            guard other.hashes == pair else { return .conflict }
            writing[piece] = (pair, other.count + 1)
        } else {
            writing[piece] = (pair, 1)
        }
        return .write
    }

    mutating func writeFailed(_ piece: PieceIndex) { writeEnded(piece) }

    /// Returns who to wake, and whether the piece is new: of two equal writes at once, one is not.
    mutating func writeFinished(_ piece: PieceIndex, _ pair: PieceHashes) -> (isNew: Bool, Wakeup) {
        writeEnded(piece)
        guard !isRemoved, available.insert(piece) else { return (false, Wakeup()) }
        hashes[piece.int] = pair
        let ready = waits.filter { $0.value.piece == piece }
        for id in ready.keys { waits[id] = nil }
        return (true, Wakeup(waits: ready.values.map(\.continuation), subscribers: Array(subscribers.values)))
    }

    /// Returns the pieces that were available.
    mutating func withdrawn(_ pieces: [PieceIndex]) -> [PieceIndex] {
        let gone = pieces.filter { piece in
            guard available.remove(piece) else { return false }
            hashes[piece.int] = nil
            return true
        }
        guard !gone.isEmpty else { return [] }
        digest = nil
        withdrawals += 1
        unrecorded += gone
        return gone
    }

    mutating func takeUnrecorded() -> [PieceIndex] {
        defer { unrecorded = [] }
        return unrecorded
    }

    /// Returns whether the digest, begun after so many withdrawals, is of what is there now.
    mutating func digested(_ digest: SHA256Digest, after withdrawals: UInt64) -> Bool {
        guard withdrawals == self.withdrawals, available.isFull else { return false }
        self.digest = digest
        return true
    }

    mutating func removed() -> Wakeup {
        isRemoved = true
        available = PieceSet(capacity: available.capacity)
        let wakeup = Wakeup(waits: waits.values.map(\.continuation), subscribers: Array(subscribers.values))
        waits = [:]
        subscribers = [:]
        return wakeup
    }

    /// Nil where the wait goes on; else how it has already ended.
    mutating func waitStarted(
        _ id: UInt64,
        _ piece: PieceIndex,
        isCancelled: Bool,
        _ continuation: CheckedContinuation<WaitOutcome, Never>
    ) -> WaitOutcome? {
        if isRemoved { return .removed }
        if isCancelled { return .cancelled }
        if available.contains(piece) { return .arrived }
        guard waits.count < Limits.maximumWaits else { return .refused }
        waits[id] = Wait(piece: piece, continuation: continuation)
        return nil
    }

    /// The wait's continuation, where it still waits.
    mutating func waitEnded(_ id: UInt64) -> CheckedContinuation<WaitOutcome, Never>? {
        waits.removeValue(forKey: id)?.continuation
    }

    /// How many wait; for tests.
    var waitCount: Int { waits.count }

    /// False where the blob is gone.
    mutating func subscribed(_ id: UInt64, _ continuation: AsyncStream<PieceIndex>.Continuation) -> Bool {
        guard !isRemoved else { return false }
        subscribers[id] = continuation
        return true
    }

    mutating func unsubscribed(_ id: UInt64) { subscribers[id] = nil }

    /// Asserts what holds between events.
    func checkInvariants() {
        for index in hashes.indices where !isRemoved {
            precondition(available.contains(PieceIndex(index)) == (hashes[index] != nil), "available means hashed")
        }
        precondition(waits.values.allSatisfy { !available.contains($0.piece) }, "nobody waits for what is there")
        precondition(writing.values.allSatisfy { $0.count > 0 }, "a write that is counted is under way")
    }

    private mutating func writeEnded(_ piece: PieceIndex) {
        guard let entry = writing[piece] else { return }
        writing[piece] = entry.count > 1 ? (entry.hashes, entry.count - 1) : nil
    }
}
