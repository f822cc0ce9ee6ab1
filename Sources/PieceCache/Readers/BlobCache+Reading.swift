internal import Manifest
internal import NIOConcurrencyHelpers
package import NIOCore
package import Units

extension BlobCache {
    /// Appends the range to the buffer where all of it is available and in the page cache; never blocks. False, and nothing
    /// appended, otherwise: use `read(_:)` or a reader then.
    package func readNow(_ range: ByteRange, into buffer: inout ByteBuffer) -> Bool {
        guard isAvailable(range) else { return false }
        if range.isEmpty { return true }
        return space.files.readCached(range.count.int, from: data, at: range.start, into: &buffer)
    }

    /// An available range of up to 1 MiB: out of the page cache, else by the disk pool. `.notAvailable` where a piece is
    /// missing.
    package func read(_ range: ByteRange) async throws(PieceCacheError) -> ByteBuffer {
        guard range.count.rawValue <= UInt64(Limits.maximumReadBytes), range.end <= geometry.size.rawValue else {
            throw PieceCacheError(.invalidArgument, "a read is at most 1 MiB within the blob")
        }
        if isRemoved { throw .removed }
        guard isAvailable(range) else { throw .notAvailable }
        let count = range.count.int
        var buffer = ByteBuffer()
        buffer.reserveCapacity(count)
        if count == 0 || space.files.readCached(count, from: data, at: range.start, into: &buffer) { return buffer }
        space.withRegistry { $0.held(id) }
        defer { space.withRegistry { $0.released(id) } }
        return try await space.onPool { () throws(PieceCacheError) -> ByteBuffer in
            var buffer = ByteBuffer()
            try self.space.files.read(count, from: self.data, at: range.start, into: &buffer)
            return buffer
        }
    }

    /// The range's bytes in order as they become available; each wait for a missing piece lasts at most `waitLimit`. Traps
    /// for a range beyond the blob. The blob is not evicted while the reader lives.
    package func reader(_ range: ByteRange, waitLimit: Duration) -> BlobReader {
        precondition(range.end <= geometry.size.rawValue, "a reader beyond the end of its blob")
        return BlobReader(hold: BlobHold(self), range: range, waitLimit: waitLimit)
    }

    /// Whether every piece of the range is there.
    package func isAvailable(_ range: ByteRange) -> Bool {
        guard range.end <= geometry.size.rawValue else { return false }
        let pieces = geometry.pieces(overlapping: range)
        return state.withLockedValue { state in
            !state.isRemoved && pieces.allSatisfy { state.available.contains(PieceIndex(rawValue: $0)) }
        }
    }

    /// The longest part of the range from its start that is available, up to `limit` bytes; empty where nothing is.
    func availablePart(of range: ByteRange, limit: UInt64) -> ByteRange {
        let wanted = ByteRange(start: range.start, end: min(range.end, range.start + limit))
        let pieces = geometry.pieces(overlapping: wanted)
        let missing = state.withLockedValue { state in
            pieces.first { !state.available.contains(PieceIndex(rawValue: $0)) }
        }
        guard let missing else { return wanted }
        let end = geometry.range(of: PieceIndex(rawValue: missing)).start
        return ByteRange(start: wanted.start, end: max(wanted.start, end))
    }

    /// Waits until the piece is available.
    func wait(for piece: PieceIndex, limit: Duration) async throws(PieceCacheError) {
        let id = makeID()
        // Lives as long as the wait, which cancels it: no reader waits for ever.
        let deadline = Task { [weak self] in
            guard (try? await Task.sleep(for: limit)) != nil else { return }
            self?.endWait(id, .timedOut)
        }
        defer { deadline.cancel() }
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<WaitOutcome, Never>) in
                // Under the lock that `endWait` takes: a cancellation is seen either here or there.
                let ended = state.withLockedValue { state in
                    state.waitStarted(id, piece, isCancelled: Task.isCancelled, continuation)
                }
                if let ended { continuation.resume(returning: ended) }
            }
        } onCancel: {
            endWait(id, .cancelled)
        }
        switch outcome {
        case .arrived: return
        case .timedOut: throw .timedOut
        case .cancelled: throw .cancelled
        case .removed: throw .removed
        case .refused: throw PieceCacheError(.timedOut, "too many readers wait for this blob")
        }
    }

    private func endWait(_ id: UInt64, _ outcome: WaitOutcome) {
        state.withLockedValue { $0.waitEnded(id) }?.resume(returning: outcome)
    }
}
