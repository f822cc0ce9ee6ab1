internal import Manifest
package import NIOCore
internal import Units

/// The bytes of a range in order, in chunks of up to 256 KiB, as they become available. Any number of iterators may run,
/// each from the range's start.
package struct BlobReader: AsyncSequence, Sendable {
    package typealias Element = ByteBuffer
    package typealias Failure = PieceCacheError

    let hold: BlobHold
    let range: ByteRange
    let waitLimit: Duration

    package func makeAsyncIterator() -> Iterator { Iterator(reader: self, position: range.start) }

    /// Where a reader stands.
    package struct Iterator: AsyncIteratorProtocol {
        let reader: BlobReader
        var position: UInt64

        /// The next chunk; nil at the range's end.
        package mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(PieceCacheError) -> ByteBuffer? {
            let cache = reader.hold.cache
            while position < reader.range.end {
                if Task.isCancelled { throw .cancelled }
                let rest = ByteRange(start: position, end: reader.range.end)
                let part = cache.availablePart(of: rest, limit: Limits.readerChunkBytes)
                if part.isEmpty {
                    let piece = cache.geometry.piece(containing: position)
                    try await cache.wait(for: piece, limit: reader.waitLimit)
                    continue
                }
                let buffer: ByteBuffer
                do throws(PieceCacheError) {
                    buffer = try await cache.read(part)
                } catch  where error.code == .notAvailable {
                    // Withdrawn since: wait for it anew.
                    continue
                }
                position = part.end
                return buffer
            }
            return nil
        }

        /// The next chunk; nil at the range's end.
        package mutating func next() async throws(PieceCacheError) -> ByteBuffer? {
            try await next(isolation: nil)
        }
    }
}
