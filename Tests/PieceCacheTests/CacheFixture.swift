import Logging
import Manifest
import NIOCore
import NIOPosix
import PieceCache
import Testing
import Units

/// A cache in a folder of its own, and blobs of known bytes.
struct CacheFixture {
    let folder = TemporaryFolder()
    let pool = NIOThreadPool.singleton
    let geometry: PieceGeometry
    let bytes: [UInt8]

    init(size: Int = 7 * 16_384 + 100, pieceLength: UInt32 = 16_384, seed: UInt64 = 1) throws {
        geometry = try #require(PieceGeometry(size: ByteCount(size), pieceLength: pieceLength))
        var random = SeededGenerator(seed: seed)
        bytes = (0..<size).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    }

    static func blob(_ name: UInt8) -> BlobID {
        guard let id = BlobID(bytes: Array(repeating: name, count: 32)) else { preconditionFailure("32 bytes") }
        return id
    }

    func cache(
        high: ByteCount = .gibibytes(1),
        low: ByteCount = .mebibytes(512),
        piecesPerSync: Int = 4,
        files: any CacheFiles = SystemFiles()
    ) async throws -> PieceCache {
        // The last user of a cache that a test let go may still be leaving the disk pool; its lock ends with it.
        for _ in 0..<1_000_000 {
            let taken = Result { () throws(PieceCacheError) in
                try takenCache(high: high, low: low, piecesPerSync: piecesPerSync, files: files)
            }
            if case .failure(let error) = taken, error.code == .inUse {
                await Task.yield()
            } else {
                return try taken.get()
            }
        }
        throw PieceCacheError(.inUse, "the last cache does not end")
    }

    func takenCache(
        high: ByteCount = .gibibytes(1),
        low: ByteCount = .mebibytes(512),
        piecesPerSync: Int = 4,
        files: any CacheFiles = SystemFiles()
    ) throws(PieceCacheError) -> PieceCache {
        try PieceCache(
            directory: folder.path + "/cache",
            limits: CacheLimits(highWater: high, lowWater: low, piecesPerSync: piecesPerSync),
            pool: pool,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            files: files
        )
    }

    func piece(_ index: Int) -> ByteBuffer {
        let range = geometry.range(of: PieceIndex(index))
        return ByteBuffer(bytes: bytes[Int(range.start)..<Int(range.end)])
    }

    func hashes(_ index: Int) -> PieceHashes {
        var hasher = PieceHasher(geometry: geometry, piece: PieceIndex(index))
        hasher.update(piece(index).readableBytesSpan)
        return hasher.finish()
    }

    func store(_ indices: some Sequence<Int>, in blob: BlobCache) async throws {
        for index in indices {
            let hashes = try await blob.store(PieceIndex(index), bytes: piece(index), expecting: nil)
            #expect(hashes == self.hashes(index))
        }
    }

    /// Every available piece has the right bytes and hashes.
    func expectProven(_ blob: BlobCache, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        for piece in blob.available.pieces {
            let read = try await blob.read(geometry.range(of: piece))
            #expect(read == self.piece(piece.int), sourceLocation: sourceLocation)
            #expect(blob.hashes(of: piece) == hashes(piece.int), sourceLocation: sourceLocation)
        }
        blob.checkInvariants()
    }

    var blobFolder: String { folder.path + "/cache/" + Self.blob(1).hex }
    var all: Range<Int> { 0..<geometry.pieceCount.int }
    var wholeRange: ByteRange { ByteRange(start: 0, end: geometry.size.rawValue) }
}

/// The body throws a cache error of this code.
func expectCacheError<Value>(
    _ code: PieceCacheError.Code,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Value
) async {
    do {
        _ = try await body()
        Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    } catch {
        #expect((error as? PieceCacheError)?.code == code, sourceLocation: sourceLocation)
    }
}
