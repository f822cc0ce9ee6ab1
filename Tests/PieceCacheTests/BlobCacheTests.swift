import Manifest
import NIOCore
import PieceCache
import Testing
import Units

struct BlobCacheTests {
    @Test func `a stored piece is readable with its hashes, and no other is`() async throws {
        let fixture = try CacheFixture()
        let cache = try await fixture.cache()
        let blob = try await cache.open(CacheFixture.blob(1), geometry: fixture.geometry)
        try await fixture.store([2, 7], in: blob)
        #expect(blob.available.pieces == [PieceIndex(2), PieceIndex(7)])
        try await fixture.expectProven(blob)
        await expectCacheError(.notAvailable) { try await blob.read(ByteRange(start: 0, end: 10)) }
        await expectCacheError(.invalidArgument) { try await blob.read(ByteRange(start: 0, end: 1 << 40)) }
        var buffer = ByteBuffer(string: "x")
        #expect(!blob.readNow(ByteRange(start: 3 * 16_384 - 1, end: 3 * 16_384 + 1), into: &buffer))
        #expect(buffer == ByteBuffer(string: "x"))
        #expect(cache.usage == ByteCount(16_384 + 100))
    }

    @Test func `a piece that is not the expected one stays out`() async throws {
        let fixture = try CacheFixture()
        let cache = try await fixture.cache()
        let blob = try await cache.open(CacheFixture.blob(1), geometry: fixture.geometry)
        for expectation in [PieceExpectation.merkleRoot(fixture.hashes(1).merkleRoot), .both(fixture.hashes(1))] {
            await expectCacheError(.badPiece) {
                try await blob.store(PieceIndex(0), bytes: fixture.piece(0), expecting: expectation)
            }
        }
        await expectCacheError(.invalidArgument) {
            try await blob.store(PieceIndex(7), bytes: fixture.piece(0), expecting: nil)
        }
        await expectCacheError(.invalidArgument) {
            try await blob.store(PieceIndex(8), bytes: fixture.piece(0), expecting: nil)
        }
        #expect(blob.available.isEmpty)
        _ = try await blob.store(PieceIndex(0), bytes: fixture.piece(0), expecting: .sha1(fixture.hashes(0).sha1))
        // Other bytes for what is there: the origin changed.
        await expectCacheError(.badPiece) {
            try await blob.store(PieceIndex(0), bytes: fixture.piece(1), expecting: nil)
        }
        try await fixture.expectProven(blob)
    }

    @Test func `many readers get the bytes in order while pieces arrive in any order`() async throws {
        let fixture = try CacheFixture(size: 40 * 16_384 + 5)
        let cache = try await fixture.cache()
        let blob = try await cache.open(CacheFixture.blob(1), geometry: fixture.geometry)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for seed in 0..<20 {
                var random = SeededGenerator(seed: UInt64(seed))
                let start = Int.random(in: 0..<fixture.bytes.count, using: &random)
                let end = Int.random(in: start...fixture.bytes.count, using: &random)
                group.addTask {
                    var got: [UInt8] = []
                    let range = ByteRange(start: UInt64(start), end: UInt64(end))
                    for try await chunk in blob.reader(range, waitLimit: .seconds(60)) {
                        got += chunk.readableBytesView
                    }
                    #expect(got == Array(fixture.bytes[start..<end]))
                }
            }
            for half in 0..<2 {
                group.addTask {
                    var random = SeededGenerator(seed: 99)
                    // Both store every piece: one of two equal writes is not new.
                    let order = fixture.all.shuffled(using: &random)
                    try await fixture.store(half == 0 ? order : order.reversed(), in: blob)
                }
            }
            try await group.waitForAll()
        }
        #expect(cache.usage == fixture.geometry.size)
        #expect(blob.makeManifestHashes() == fixture.all.map { fixture.hashes($0) })
        try await fixture.expectProven(blob)
    }

    @Test func `a wait ends at its limit, by cancellation and by removal`() async throws {
        let fixture = try CacheFixture()
        let cache = try await fixture.cache()
        let blob = try await cache.open(CacheFixture.blob(1), geometry: fixture.geometry)
        await expectCacheError(.timedOut) {
            for try await _ in blob.reader(fixture.wholeRange, waitLimit: .milliseconds(1)) {}
        }
        let reading = Task { for try await _ in blob.reader(fixture.wholeRange, waitLimit: .seconds(600)) {} }
        reading.cancel()
        await expectCacheError(.cancelled) { try await reading.value }
        let other = Task { for try await _ in blob.reader(fixture.wholeRange, waitLimit: .seconds(600)) {} }
        let pieces = blob.newPieces()
        try await cache.remove(blob.id)
        await expectCacheError(.removed) { try await other.value }
        for await _ in pieces { Issue.record("a piece of a removed blob") }
        await expectCacheError(.removed) {
            try await blob.store(PieceIndex(0), bytes: fixture.piece(0), expecting: nil)
        }
        #expect(cache.usage == .zero && cache.blob(blob.id) == nil)
    }

    @Test func `every subscriber is told of every new piece`() async throws {
        let fixture = try CacheFixture()
        let cache = try await fixture.cache()
        let blob = try await cache.open(CacheFixture.blob(1), geometry: fixture.geometry)
        try await fixture.store([0], in: blob)
        let streams = [blob.newPieces(), blob.newPieces()]
        try await fixture.store(1..<5, in: blob)
        try await cache.remove(blob.id)
        for stream in streams {
            var told: [Int] = []
            for await piece in stream { told.append(piece.int) }
            #expect(told == [1, 2, 3, 4])
        }
    }

    @Test(arguments: [false, true]) func `a complete blob is delivered`(_ copies: Bool) async throws {
        let fixture = try CacheFixture()
        let files = FaultyFiles()
        files.change { $0.cannotLink = copies }
        let cache = try await fixture.cache(files: files)
        let blob = try await cache.open(CacheFixture.blob(1), geometry: fixture.geometry)
        let path = fixture.folder.path + "/final"
        try await fixture.store(0..<7, in: blob)
        await expectCacheError(.incomplete) { try await blob.deliver(to: path) }
        await expectCacheError(.incomplete) { try await blob.digest() }
        try await fixture.store([7], in: blob)
        for _ in 0..<2 {
            try await blob.deliver(to: path)
            #expect(TemporaryFolder.contents(of: path) == fixture.bytes)
        }
        #expect(try await blob.digest() == SHA256Hasher.digest(of: fixture.bytes))
        #expect(try SystemFiles().names(in: fixture.folder.path).sorted() == ["cache", "final"])
        await expectCacheError(.disk) { try await blob.deliver(to: fixture.folder.path + "/no/final") }
        try await blob.discardUndelivered(to: path)
        try await cache.remove(blob.id)
        #expect(TemporaryFolder.contents(of: path) == fixture.bytes)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `a digest that runs beside the pieces is that of the whole file, in any order`(seed: UInt64) async throws {
        let fixture = try CacheFixture(seed: seed)
        let cache = try await fixture.cache()
        let blob = try await cache.open(CacheFixture.blob(1), geometry: fixture.geometry)
        blob.expectDigest()
        var order = Array(0..<8)
        var generator = SeededGenerator(seed: seed)
        order.shuffle(using: &generator)
        for piece in order.dropLast() { try await fixture.store([piece], in: blob) }
        // What was digested of a piece that is withdrawn counts no more.
        #expect(blob.withdraw([PieceIndex(order[0])]) == [PieceIndex(order[0])])
        try await fixture.store([order[7], order[0]], in: blob)
        #expect(try await blob.digest() == SHA256Hasher.digest(of: fixture.bytes))
    }

    @Test func `withdrawn pieces are unreadable and may be stored anew`() async throws {
        let fixture = try CacheFixture()
        let changed = try CacheFixture(seed: 2)
        do {
            let cache = try await fixture.cache()
            let blob = try await cache.open(CacheFixture.blob(1), geometry: fixture.geometry)
            try await fixture.store(fixture.all, in: blob)
            _ = blob.withdraw(fixture.all.map { PieceIndex($0) })
            try await blob.recordWithdrawals()
            #expect(blob.available.isEmpty && cache.usage == .zero)
            try await changed.store([3], in: blob)
        }
        let cache = try await fixture.cache()
        defer { withExtendedLifetime(cache) {} }
        let blob = try await cache.open(CacheFixture.blob(1), geometry: fixture.geometry)
        #expect(blob.available.pieces == [PieceIndex(3)])
        try await changed.expectProven(blob)
    }

    @Test func `a withdrawn piece is offered again as it lies on the disk, where that is what is expected now`()
        async throws
    {
        let fixture = try CacheFixture()
        let changed = try CacheFixture(seed: 2)
        do {
            let cache = try await fixture.cache()
            let blob = try await cache.open(CacheFixture.blob(1), geometry: fixture.geometry)
            blob.expectDigest()
            try await fixture.store(fixture.all, in: blob)
            #expect(blob.withdraw([PieceIndex(2), PieceIndex(5)]).count == 2)
            #expect(try await blob.reprove(PieceIndex(2), expecting: .both(fixture.hashes(2))))
            #expect(try await !blob.reprove(PieceIndex(5), expecting: .both(changed.hashes(5))))
            #expect(!blob.available.contains(PieceIndex(5)) && blob.available.count.int == 7)
            await expectCacheError(.incomplete) { try await blob.digest() }
            try await fixture.expectProven(blob)
            try await changed.store([5], in: blob)
            var bytes = fixture.bytes
            bytes[5 * 16_384..<6 * 16_384] = changed.bytes[5 * 16_384..<6 * 16_384]
            #expect(try await blob.digest() == SHA256Hasher.digest(of: bytes))
            #expect(cache.usage == fixture.geometry.size)
        }
        let cache = try await fixture.cache()
        let blob = try await cache.open(CacheFixture.blob(1), geometry: fixture.geometry)
        #expect(blob.available.isFull)
        #expect(
            blob.hashes(of: PieceIndex(5)) == changed.hashes(5) && blob.hashes(of: PieceIndex(2)) == fixture.hashes(2)
        )
    }

    @Test func `a delivered file stays as it is until the corrected blob is delivered`() async throws {
        let fixture = try CacheFixture()
        let changed = try CacheFixture(seed: 2)
        let cache = try await fixture.cache()
        let blob = try await cache.open(CacheFixture.blob(1), geometry: fixture.geometry)
        let path = fixture.folder.path + "/final"
        try await fixture.store(fixture.all, in: blob)
        try await blob.deliver(to: path)
        _ = blob.withdraw([PieceIndex(3)])
        try await changed.store([3], in: blob)
        #expect(TemporaryFolder.contents(of: path) == fixture.bytes)
        try await blob.deliver(to: path)
        var bytes = fixture.bytes
        bytes[3 * 16_384..<4 * 16_384] = changed.bytes[3 * 16_384..<4 * 16_384]
        #expect(TemporaryFolder.contents(of: path) == bytes)
        #expect(try SystemFiles().names(in: fixture.blobFolder).sorted() == ["data", "journal"])
    }

    @Test func `reads work without the page cache`() async throws {
        let fixture = try CacheFixture()
        let files = FaultyFiles()
        files.change { $0.neverCached = true }
        let cache = try await fixture.cache(files: files)
        let blob = try await cache.open(CacheFixture.blob(1), geometry: fixture.geometry)
        try await fixture.store(fixture.all, in: blob)
        var buffer = ByteBuffer()
        #expect(!blob.readNow(fixture.wholeRange, into: &buffer))
        try await fixture.expectProven(blob)
    }
}
