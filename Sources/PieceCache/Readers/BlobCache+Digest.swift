package import Manifest
internal import NIOConcurrencyHelpers
internal import NIOCore
internal import Synchronization
internal import Units

extension BlobCache {
    /// The whole blob's digest will be asked for: it is computed beside the pieces' arrival, in order, as far as they go.
    package func expectDigest() { isDigestExpected.store(true, ordering: .relaxed) }

    /// SHA-256 of the whole blob; computed once. `.incomplete` while pieces are missing.
    package func digest() async throws(PieceCacheError) -> SHA256Digest {
        if let known = state.withLockedValue({ $0.digest }) { return known }
        guard available.isFull else { throw isRemoved ? .removed : .incomplete }
        let hold = BlobHold(self)
        let digest = try await space.onPool { () throws(PieceCacheError) -> SHA256Digest in
            let outcome = self.runningDigest.withLock { running -> Result<SHA256Digest, PieceCacheError> in
                do throws(PieceCacheError) {
                    try self.digest(atMost: .max, &running)
                    let began = running.withdrawals
                    guard !self.geometry.contains(running.next) else { return .failure(.incomplete) }
                    var whole = RunningDigest(after: began)
                    swap(&whole, &running)
                    let digest = whole.finish()
                    let isCurrent = self.state.withLockedValue { $0.digested(digest, after: began) }
                    return isCurrent ? .success(digest) : .failure(.incomplete)
                } catch {
                    running = RunningDigest()
                    return .failure(error)
                }
            }
            return try outcome.get()
        }
        withExtendedLifetime(hold) {}
        return digest
    }

    /// Takes in what has come behind the running digest, where nobody else does. On the pool. A read that fails is told by
    /// the digest's own pass later.
    func digestAhead() {
        _ = runningDigest.withLockIfAvailable { running in
            do throws(PieceCacheError) {
                try digest(atMost: Limits.piecesDigestedAhead, &running)
            } catch {
                running = RunningDigest()
            }
        }
    }

    private func digest(atMost most: Int, _ running: inout RunningDigest) throws(PieceCacheError) {
        var buffer = ByteBuffer()
        var done = 0
        while done < most {
            // What was digested of a piece that is withdrawn does not count any more.
            let withdrawals = state.withLockedValue { $0.withdrawals }
            if running.withdrawals != withdrawals { running = RunningDigest(after: withdrawals) }
            guard geometry.contains(running.next), isAvailable(geometry.range(of: running.next)) else { return }
            let piece = geometry.range(of: running.next)
            var position = piece.start
            while position < piece.end {
                let count = Int(min(Limits.readerChunkBytes, piece.end - position))
                buffer.clear()
                try space.files.read(count, from: data, at: position, into: &buffer)
                running.update(buffer.readableBytesSpan)
                position += UInt64(count)
            }
            running.pieceEnded()
            done += 1
        }
    }
}
