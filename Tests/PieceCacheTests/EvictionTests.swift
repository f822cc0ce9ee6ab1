import Manifest
import PieceCache
import Testing
import Units

struct EvictionTests {
    @Test func `the least recently used idle blobs go first`() async throws {
        let fixture = try CacheFixture(size: 4 * 16_384)
        let cache = try await fixture.cache(high: .kibibytes(256), low: .kibibytes(128))
        var blobs: [BlobCache] = []
        for name in 1...4 {
            let blob = try await cache.open(CacheFixture.blob(UInt8(name)), geometry: fixture.geometry)
            try await fixture.store(fixture.all, in: blob)
            blobs.append(blob)
        }
        #expect(cache.usage == .kibibytes(256))
        cache.pin(CacheFixture.blob(1))
        let reader = blobs[1].reader(fixture.wholeRange, waitLimit: .seconds(1))
        let fifth = try await cache.open(CacheFixture.blob(5), geometry: fixture.geometry)
        try await fixture.store([0], in: fifth)
        // 1 is pinned, 2 has a reader: 3 and 4 go.
        #expect(Set(cache.blobs) == Set([1, 2, 5].map { CacheFixture.blob($0) }))
        await expectCacheError(.removed) { try await blobs[2].read(fixture.wholeRange) }
        #expect(blobs[2].available.isEmpty)
        for try await _ in reader {}
        try await fixture.expectProven(blobs[0])
    }

    @Test func `a full cache fails the one store and nobody else`() async throws {
        let fixture = try CacheFixture(size: 4 * 16_384)
        let cache = try await fixture.cache(high: .kibibytes(64), low: .kibibytes(64))
        cache.pin(CacheFixture.blob(1))
        let first = try await cache.open(CacheFixture.blob(1), geometry: fixture.geometry)
        try await fixture.store(fixture.all, in: first)
        let second = try await cache.open(CacheFixture.blob(2), geometry: fixture.geometry)
        await expectCacheError(.cacheFull) {
            try await second.store(PieceIndex(0), bytes: fixture.piece(0), expecting: nil)
        }
        try await fixture.expectProven(first)
        cache.unpin(CacheFixture.blob(1))
        try await fixture.store([0], in: second)
        #expect(cache.usage == .kibibytes(16))
    }

    @Test(arguments: 0..<8) func `a full disk at any write fails that store only`(_ writes: Int) async throws {
        let fixture = try CacheFixture()
        let files = FaultyFiles()
        var stored = 0
        do {
            let cache = try await fixture.cache(piecesPerSync: 2, files: files)
            let blob = try await cache.open(CacheFixture.blob(1), geometry: fixture.geometry)
            files.change { $0.remaining = writes }
            for index in fixture.all {
                do {
                    _ = try await blob.store(PieceIndex(index), bytes: fixture.piece(index), expecting: nil)
                } catch { #expect(error.code == .noSpace) }
                try await fixture.expectProven(blob)
            }
            stored = blob.available.count.int
            #expect(cache.usage == ByteCount(stored * 16_384))
            files.change { $0.remaining = .max }
            try await fixture.store(fixture.all, in: blob)
            #expect(blob.available.isFull)
        }
        let cache = try await fixture.cache()
        defer { withExtendedLifetime(cache) {} }
        let blob = try await cache.open(CacheFixture.blob(1), geometry: fixture.geometry)
        #expect(blob.available.isFull)
        try await fixture.expectProven(blob)
    }

    @Test func `after a failed sync pieces are hashed again at the next start`() async throws {
        let fixture = try CacheFixture()
        let files = FaultyFiles()
        do {
            let cache = try await fixture.cache(piecesPerSync: 1_000, files: files)
            defer { withExtendedLifetime(cache) {} }
            let blob = try await cache.open(CacheFixture.blob(1), geometry: fixture.geometry)
            try await fixture.store(fixture.all, in: blob)
            files.change { $0.failsSync = true }
            await expectCacheError(.disk) { try await blob.sync() }
            files.change { $0.failsSync = false }
            try await blob.sync()
        }
        var data = try #require(TemporaryFolder.contents(of: fixture.blobFolder + "/data"))
        data[5] ^= 1
        TemporaryFolder.write(data, to: fixture.blobFolder + "/data")
        let cache = try await fixture.cache()
        defer { withExtendedLifetime(cache) {} }
        let blob = try await cache.open(CacheFixture.blob(1), geometry: fixture.geometry)
        #expect(blob.available.count.int == 7)
        try await fixture.expectProven(blob)
    }

    @Test func `a sync that fails behind a stored piece is told by the next call`() async throws {
        let fixture = try CacheFixture()
        let files = FaultyFiles()
        let cache = try await fixture.cache(piecesPerSync: 1, files: files)
        let blob = try await cache.open(CacheFixture.blob(1), geometry: fixture.geometry)
        files.change { $0.failsSync = true }
        try await fixture.store([0], in: blob)
        await expectCacheError(.disk) {
            // The disk takes its time.
            for _ in 0..<1_000_000 {
                try await fixture.store([0], in: blob)
                await Task.yield()
            }
        }
        #expect(blob.available.count.int == 1)
    }
}
