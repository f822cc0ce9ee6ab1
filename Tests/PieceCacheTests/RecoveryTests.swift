import Manifest
import NIOCore
import PieceCache
import Testing
import Units

struct RecoveryTests {
    /// A journal and data as a process left them, all pieces stored.
    private func left(_ fixture: CacheFixture, piecesPerSync: Int) async throws -> (journal: [UInt8], data: [UInt8]) {
        do {
            let cache = try await fixture.cache(piecesPerSync: piecesPerSync)
            let blob = try await cache.open(CacheFixture.blob(1), geometry: fixture.geometry)
            try await fixture.store(fixture.all, in: blob)
        }
        let journal = try #require(TemporaryFolder.contents(of: fixture.blobFolder + "/journal"))
        let data = try #require(TemporaryFolder.contents(of: fixture.blobFolder + "/data"))
        return (journal, data)
    }

    @Test func `stored pieces are there after a restart`() async throws {
        let fixture = try CacheFixture()
        _ = try await left(fixture, piecesPerSync: 3)
        let cache = try await fixture.cache()
        #expect(cache.usage >= fixture.geometry.size)
        let blob = try await cache.open(CacheFixture.blob(1), geometry: fixture.geometry)
        #expect(blob.available.isFull && cache.usage == fixture.geometry.size)
        try await fixture.expectProven(blob)
    }

    @Test(arguments: [1, 3, 1_000]) func `a journal cut at any byte offers only proven pieces`(_ sync: Int) async throws
    {
        let fixture = try CacheFixture(size: 3 * 16_384 + 9)
        let (journal, data) = try await left(fixture, piecesPerSync: sync)
        var most = 0
        for count in 0...journal.count {
            TemporaryFolder.write(journal[..<count], to: fixture.blobFolder + "/journal")
            TemporaryFolder.write(data, to: fixture.blobFolder + "/data")
            let cache = try await fixture.cache(piecesPerSync: sync)
            let blob = try await cache.open(CacheFixture.blob(1), geometry: fixture.geometry)
            let available = blob.available
            try await fixture.expectProven(blob)
            #expect(available.count.int >= most || count < 64)
            most = max(most, available.count.int)
            // It goes on from there.
            if count % 29 == 0 {
                try await fixture.store(fixture.all, in: blob)
                try await fixture.expectProven(blob)
            }
        }
        #expect(most == 4)
    }

    @Test func `no flipped journal bit offers an unproven piece`() async throws {
        let fixture = try CacheFixture(size: 3 * 16_384 + 9)
        let (journal, data) = try await left(fixture, piecesPerSync: 2)
        for position in journal.indices {
            var spoiled = journal
            spoiled[position] ^= UInt8(1 << (position % 8))
            TemporaryFolder.write(spoiled, to: fixture.blobFolder + "/journal")
            TemporaryFolder.write(data, to: fixture.blobFolder + "/data")
            let cache = try await fixture.cache()
            defer { withExtendedLifetime(cache) {} }
            let blob = try await cache.open(CacheFixture.blob(1), geometry: fixture.geometry)
            try await fixture.expectProven(blob)
        }
    }

    @Test func `data lost with the power after the last sync is not offered`() async throws {
        let fixture = try CacheFixture()
        var (journal, data) = try await left(fixture, piecesPerSync: 1_000)
        for index in 16_384..<2 * 16_384 { data[index] = 0 }
        TemporaryFolder.write(journal, to: fixture.blobFolder + "/journal")
        TemporaryFolder.write(data, to: fixture.blobFolder + "/data")
        for _ in 0..<2 {
            let cache = try await fixture.cache()
            defer { withExtendedLifetime(cache) {} }
            let blob = try await cache.open(CacheFixture.blob(1), geometry: fixture.geometry)
            #expect(blob.available.count.int == 7 && !blob.available.contains(PieceIndex(1)))
            try await fixture.expectProven(blob)
        }
        // A journal that outlived its data altogether.
        journal = try #require(TemporaryFolder.contents(of: fixture.blobFolder + "/journal"))
        TemporaryFolder.write([], to: fixture.blobFolder + "/data")
        let cache = try await fixture.cache()
        defer { withExtendedLifetime(cache) {} }
        let blob = try await cache.open(CacheFixture.blob(1), geometry: fixture.geometry)
        #expect(blob.available.isEmpty)
    }

    @Test func `another geometry discards the blob but not what was delivered`() async throws {
        let fixture = try CacheFixture()
        let path = fixture.folder.path + "/final"
        do {
            let cache = try await fixture.cache()
            defer { withExtendedLifetime(cache) {} }
            let blob = try await cache.open(CacheFixture.blob(1), geometry: fixture.geometry)
            try await fixture.store(fixture.all, in: blob)
            try await blob.deliver(to: path)
        }
        let other = try CacheFixture(pieceLength: 32_768)
        let cache = try await fixture.cache()
        let blob = try await cache.open(CacheFixture.blob(1), geometry: other.geometry)
        #expect(blob.available.isEmpty && cache.usage == .zero)
        try await other.store(other.all, in: blob)
        try await other.expectProven(blob)
        await expectCacheError(.invalidArgument) {
            try await cache.open(CacheFixture.blob(1), geometry: fixture.geometry)
        }
        #expect(TemporaryFolder.contents(of: path) == fixture.bytes)
    }

    @Test func `two caches never share a directory`() async throws {
        let fixture = try CacheFixture()
        let first = try await fixture.cache()
        await expectCacheError(.inUse) { try fixture.takenCache() }
        withExtendedLifetime(first) {}
    }
}
