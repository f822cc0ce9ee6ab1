internal import Logging
package import Manifest
internal import NIOConcurrencyHelpers
package import NIOCore
internal import Synchronization
package import Units

/// The growing cache of one blob: sole owner of its bytes. Only proven pieces are readable.
package final class BlobCache: Sendable {
    package let id: BlobID
    package let geometry: PieceGeometry
    let space: CacheSpace
    private let file: NIOLockedValueBox<CacheFile>
    /// Not a `Mutex`, which is handed over to a waiter each time event loops meet at it, and stalls them on a busy machine.
    let state: NIOLockedValueBox<BlobState>
    private let journal: Mutex<JournalFile>
    private let nextID = Atomic<UInt64>(0)
    private let detaching = Mutex(())
    /// Whoever holds it is on the pool.
    let runningDigest = Mutex(RunningDigest())
    let isDigestExpected = Atomic(false)
    /// What went wrong after a piece was announced, for whoever calls next.
    private let lateError = Mutex<PieceCacheError?>(nil)

    init(
        id: BlobID,
        geometry: PieceGeometry,
        space: CacheSpace,
        data: CacheFile,
        journal: JournalFile,
        proven: [PieceIndex: PieceHashes]
    ) {
        self.id = id
        self.geometry = geometry
        self.space = space
        self.file = NIOLockedValueBox(data)
        state = NIOLockedValueBox(BlobState(capacity: geometry.pieceCount, proven: proven))
        self.journal = Mutex(journal)
    }

    var data: CacheFile { file.withLockedValue { $0 } }

    /// The proven pieces, as of now; empty once the blob is removed.
    package var available: PieceSet { state.withLockedValue { $0.available } }

    /// The hashes of an available piece.
    package func hashes(of piece: PieceIndex) -> PieceHashes? {
        geometry.contains(piece) ? state.withLockedValue { $0.isRemoved ? nil : $0.hashes[piece.int] } : nil
    }

    /// The hashes of every piece, in order; nil until the blob is complete.
    package func makeManifestHashes() -> [PieceHashes]? {
        state.withLockedValue { $0.available.isFull && !$0.isRemoved ? $0.hashes.compactMap { $0 } : nil }
    }

    /// Takes one whole piece: hashes it, compares it (nil: a relay's own pull), writes it, journals it; then it is readable
    /// and announced. `.badPiece` where the bytes are not the expected ones, or other bytes are already there. It does not
    /// wait for the disk: a sync that fails later is told by the next call of this or of `sync`.
    package func store(
        _ piece: PieceIndex,
        bytes: ByteBuffer,
        expecting: PieceExpectation?
    ) async throws(PieceCacheError) -> PieceHashes {
        guard geometry.contains(piece), bytes.readableBytes == Int(geometry.length(of: piece)) else {
            throw PieceCacheError(.invalidArgument, "the bytes are not one whole piece", piece: piece)
        }
        try throwLateError()
        let hashes = try await space.onPool { () throws(PieceCacheError) -> PieceHashes in
            try self.storeNow(piece, bytes, expecting, isWritten: false)
        }
        // Not as a part of the above: the piece's bytes would stay in memory as long as the disk takes.
        space.submit { self.settle(piece) }
        return hashes
    }

    /// The pieces are no longer proven (control revoked their hashes): they are unreadable at once, and may be proven or
    /// stored anew; `recordWithdrawals` makes a restart know of it. Returns those that were available.
    package func withdraw(_ pieces: [PieceIndex]) -> [PieceIndex] {
        let gone = state.withLockedValue { $0.withdrawn(pieces) }
        guard !gone.isEmpty else { return [] }
        let freed = gone.reduce(ByteCount.zero) { $0 + geometry.range(of: $1).count }
        space.withRegistry { $0.shrank(id, by: freed) }
        return gone
    }

    /// Withdrawals so far are sure to be on the disk.
    package func recordWithdrawals() async throws(PieceCacheError) {
        try await space.onPool { () throws(PieceCacheError) in
            try self.withJournal { (journal) throws(PieceCacheError) in
                try self.recordWithdrawals(in: &journal)
                try journal.sync(self.space.files)
            }
        }
    }

    /// Whether a withdrawn piece's bytes, as they lie on the disk, are what is expected now: then it is available again.
    package func reprove(_ piece: PieceIndex, expecting: PieceExpectation) async throws(PieceCacheError) -> Bool {
        guard geometry.contains(piece) else {
            throw PieceCacheError(.invalidArgument, "a piece beyond the end of its blob", piece: piece)
        }
        let isProven = try await space.onPool { () throws(PieceCacheError) -> Bool in
            var bytes = ByteBuffer()
            let range = self.geometry.range(of: piece)
            try self.space.files.read(range.count.int, from: self.data, at: range.start, into: &bytes)
            do throws(PieceCacheError) {
                _ = try self.storeNow(piece, bytes, expecting, isWritten: true)
                return true
            } catch {
                guard error.code == .badPiece else { throw error }
                return false
            }
        }
        if isProven { space.submit { self.settle(piece) } }
        return isProven
    }

    /// Every piece that becomes available from now on; ends when the blob is removed. Any number may listen.
    package func newPieces() -> AsyncStream<PieceIndex> {
        let subscriber = makeID()
        // Unbounded, but a blob has only so many pieces.
        let (stream, continuation) = AsyncStream.makeStream(of: PieceIndex.self)
        continuation.onTermination = { [weak self] _ in self?.state.withLockedValue { $0.unsubscribed(subscriber) } }
        if !state.withLockedValue({ $0.subscribed(subscriber, continuation) }) { continuation.finish() }
        return stream
    }

    /// Makes the data of all pieces sure to be on the disk, and marks it in the journal.
    package func sync() async throws(PieceCacheError) {
        try throwLateError()
        try await space.onPool { () throws(PieceCacheError) in try self.syncNow(always: true) }
    }

    /// Asserts what holds between calls.
    package func checkInvariants() { state.withLockedValue { $0.checkInvariants() } }

    /// The bytes of the available pieces.
    var availableBytes: ByteCount {
        available.pieces.reduce(.zero) { $0 + geometry.range(of: $1).count }
    }

    /// Evicted or deleted: nothing of it is readable any more.
    package var isRemoved: Bool { state.withLockedValue { $0.isRemoved } }

    func makeID() -> UInt64 { nextID.wrappingAdd(1, ordering: .relaxed).newValue }

    func wasRemoved() {
        let wakeup = state.withLockedValue { $0.removed() }
        for wait in wakeup.waits { wait.resume(returning: .removed) }
        for subscriber in wakeup.subscribers { subscriber.finish() }
    }

    /// Syncs the data where that is due. On the pool.
    func syncNow(always: Bool) throws(PieceCacheError) {
        guard let number = journal.withLock({ $0.syncIsDue(always: always) }) else { return }
        do {
            try space.files.sync(data)
        } catch {
            journal.withLock { $0.syncFailed() }
            throw error
        }
        try withJournal { (journal) throws(PieceCacheError) in
            try journal.dataSynced(before: number, files: self.space.files)
        }
    }

    private func withJournal(
        _ body: (inout JournalFile) throws(PieceCacheError) -> Void
    ) throws(PieceCacheError) {
        let error = journal.withLock { journal -> PieceCacheError? in
            do throws(PieceCacheError) {
                try body(&journal)
                return nil
            } catch { return error }
        }
        if let error { throw error }
    }

    private func storeNow(
        _ piece: PieceIndex,
        _ bytes: ByteBuffer,
        _ expecting: PieceExpectation?,
        isWritten: Bool
    ) throws(PieceCacheError) -> PieceHashes {
        space.withRegistry { $0.held(id) }
        defer { space.withRegistry { $0.released(id) } }
        var hasher = PieceHasher(geometry: geometry, piece: piece)
        hasher.update(bytes.readableBytesSpan)
        let hashes = hasher.finish()
        if let expecting, !expecting.matches(hashes) {
            throw PieceCacheError(.badPiece, "the piece's hash is not the expected one", piece: piece)
        }
        switch state.withLockedValue({ $0.writeStarted(piece, hashes) }) {
        case .write: break
        case .alreadyThere: return hashes
        case .conflict:
            throw PieceCacheError(.badPiece, "the piece differs from the one that is there", piece: piece)
        case .removed: throw .removed
        }
        let length = ByteCount(bytes.readableBytes)
        do throws(PieceCacheError) {
            try space.admit(id, length)
        } catch {
            state.withLockedValue { $0.writeFailed(piece) }
            throw error
        }
        do throws(PieceCacheError) {
            if !isWritten {
                try detachIfDelivered()
                try space.files.write(bytes.readableBytesSpan, to: data, at: geometry.range(of: piece).start)
            }
            try withJournal { (journal) throws(PieceCacheError) in
                try self.recordWithdrawals(in: &journal)
                try journal.pieceWritten(piece, hashes, length: length, files: self.space.files)
            }
        } catch {
            state.withLockedValue { $0.writeFailed(piece) }
            space.withRegistry { $0.shrank(id, by: length) }
            throw error
        }
        announce(piece, hashes, length)
        return hashes
    }

    /// What is due behind a new piece: its way to the disk, the running digest, a sync. On the pool.
    private func settle(_ piece: PieceIndex) {
        space.withRegistry { $0.held(id) }
        defer { space.withRegistry { $0.released(id) } }
        let range = geometry.range(of: piece)
        space.files.startWriteback(of: data, at: range.start, count: range.count.int)
        if isDigestExpected.load(ordering: .relaxed) { digestAhead() }
        do throws(PieceCacheError) {
            try syncNow(always: false)
        } catch {
            lateError.withLock { $0 = error }
        }
    }

    private func throwLateError() throws(PieceCacheError) {
        let error = lateError.withLock { error in
            defer { error = nil }
            return error
        }
        if let error { throw error }
    }

    /// In the order in which they were withdrawn and stored again.
    private func recordWithdrawals(in journal: inout JournalFile) throws(PieceCacheError) {
        for piece in state.withLockedValue({ $0.takeUnrecorded() }) {
            try journal.pieceWithdrawn(piece, files: space.files)
        }
    }

    /// A delivered file that is the cache's by a hard link stays as it is: the cache goes on with a copy. On the pool.
    private func detachIfDelivered() throws(PieceCacheError) {
        let path = space.path(of: id) + "/data"
        guard space.files.allocation(at: path)?.links ?? 1 > 1 else { return }
        let error = detaching.withLock { _ -> PieceCacheError? in
            do throws(PieceCacheError) {
                guard space.files.allocation(at: path)?.links ?? 1 > 1 else { return nil }
                try space.files.removeFile(path + ".new")
                let copy = try space.files.open(path + ".new")
                try space.files.copy(data, count: geometry.size.rawValue, to: copy)
                try space.files.sync(copy)
                try space.files.rename(path + ".new", to: path)
                try space.files.syncDirectory(space.path(of: id))
                file.withLockedValue { $0 = copy }
                return nil
            } catch { return error }
        }
        if let error { throw error }
    }

    private func announce(_ piece: PieceIndex, _ hashes: PieceHashes, _ length: ByteCount) {
        let (isNew, wakeup) = state.withLockedValue { $0.writeFinished(piece, hashes) }
        if !isNew { space.withRegistry { $0.shrank(id, by: length) } }
        for wait in wakeup.waits { wait.resume(returning: .arrived) }
        for subscriber in wakeup.subscribers { subscriber.yield(piece) }
    }
}
