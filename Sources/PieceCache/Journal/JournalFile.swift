internal import Manifest
internal import Units

/// A blob's journal on disk, and when its data is due for a sync. One owner at a time.
struct JournalFile: Sendable {
    private let file: CacheFile
    private let limits: CacheLimits
    private var journal: CacheJournal
    private var unsyncedPieces = 0
    private var unsyncedBytes = ByteCount.zero
    private var isSyncing = false
    /// After a failed sync the kernel may have dropped pages that a later sync would not miss.
    private var isSyncBroken = false

    init(file: CacheFile, journal: CacheJournal, limits: CacheLimits) {
        self.file = file
        self.journal = journal
        self.limits = limits
    }

    /// The piece's data is written.
    mutating func pieceWritten(
        _ piece: PieceIndex,
        _ hashes: PieceHashes,
        length: ByteCount,
        files: any CacheFiles
    ) throws(PieceCacheError) {
        try append(.written(piece, hashes), files)
        unsyncedPieces += 1
        unsyncedBytes += length
    }

    /// Pieces of the last run were hashed again and await their sync mark.
    mutating func piecesRehashed(_ count: Int) { unsyncedPieces += count }

    mutating func pieceWithdrawn(_ piece: PieceIndex, files: any CacheFiles) throws(PieceCacheError) {
        try append(.withdrawn(piece), files)
    }

    /// On the disk itself, so that no older entry outlives what was written after this.
    func sync(_ files: any CacheFiles) throws(PieceCacheError) { try files.sync(file) }

    /// Non-nil where the data must be synced now by the caller, who then tells `dataSynced` with this value.
    mutating func syncIsDue(always: Bool = false) -> UInt32? {
        guard !isSyncing, !isSyncBroken, unsyncedPieces > 0 else { return nil }
        guard always || unsyncedPieces >= limits.piecesPerSync || unsyncedBytes >= limits.bytesPerSync else {
            return nil
        }
        isSyncing = true
        unsyncedPieces = 0
        unsyncedBytes = .zero
        return journal.entryCount
    }

    mutating func dataSynced(before number: UInt32, files: any CacheFiles) throws(PieceCacheError) {
        isSyncing = false
        try append(.synced(before: number), files)
    }

    mutating func syncFailed() {
        isSyncing = false
        isSyncBroken = true
    }

    private mutating func append(_ event: JournalEntry.Event, _ files: any CacheFiles) throws(PieceCacheError) {
        let entry = journal.entry(for: event)
        try files.write(unsafe entry.encoded.span.bytes, to: file, at: CacheJournal.offset(of: entry.number))
        journal.entryWritten(entry)
    }
}
