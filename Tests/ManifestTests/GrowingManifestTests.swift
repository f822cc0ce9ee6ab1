import Manifest
import Testing
import Units

struct GrowingManifestTests {
    @Test func `a signed batch makes its pieces provable once`() throws {
        let fixture = try ManifestFixture()
        var manifest = fixture.manifest
        let batch = try fixture.batch(3..<7)
        #expect(try manifest.batchArrived(batch) == (3..<7).map { PieceIndex($0) })
        #expect(try manifest.batchArrived(batch) == [])
        #expect(manifest.batches == [batch])
        #expect(manifest.expectation(for: PieceIndex(4)) == .both(fixture.hashes(4)))
        #expect(manifest.expectation(for: PieceIndex(8)) == nil)
        #expect(manifest.expectation(for: PieceIndex(UInt32.max)) == nil)
        manifest.checkInvariants()
    }

    @Test func `two different hashes for one piece are a conflict that names it`() throws {
        let fixture = try ManifestFixture()
        var manifest = fixture.manifest
        _ = try manifest.batchArrived(fixture.batch(0..<4))
        do {
            _ = try manifest.batchArrived(fixture.batch(3..<6, variant: 1))
            Issue.record("no conflict")
        } catch {
            #expect((error as? ManifestError)?.code == .conflict)
            #expect((error as? ManifestError)?.piece == PieceIndex(3))
        }
        expectManifestError(.conflict) { try manifest.pieceHashed(PieceIndex(2), fixture.hashes(9)) }
        #expect(manifest.provable.count.rawValue == 4)
        manifest.checkInvariants()
    }

    @Test func `a stranger's grant or a foreign signature is refused`() throws {
        let fixture = try ManifestFixture()
        var manifest = fixture.manifest
        let forged = HashBatch.signed(
            firstPiece: PieceIndex(0),
            hashes: [fixture.hashes(0)],
            grant: try fixture.grant(by: ManifestFixture.key(9)),
            by: fixture.relay
        )
        expectManifestError(.badSignature) { try manifest.batchArrived(forged) }
        var bytes = try fixture.batch(0..<2).encoded
        bytes[bytes.count - 1] ^= 1
        let spoiled = try HashBatch(decoding: bytes)
        expectManifestError(.badSignature) { try manifest.batchArrived(spoiled) }
        // Also once the grant is known.
        _ = try manifest.batchArrived(fixture.batch(5..<6))
        expectManifestError(.badSignature) { try manifest.batchArrived(spoiled) }
        #expect(manifest.provable.count.rawValue == 1)
    }

    @Test func `a forged copy of a batch that is known is refused like any other`() throws {
        let fixture = try ManifestFixture()
        var manifest = fixture.manifest
        let batch = try fixture.batch(0..<4)
        _ = try manifest.batchArrived(batch)
        var bytes = batch.encoded
        bytes[bytes.count - 1] ^= 1
        let forged = try HashBatch(decoding: bytes)
        expectManifestError(.badSignature) { try manifest.batchArrived(forged) }
        #expect(try manifest.batchArrived(batch) == [])
        #expect(manifest.batches == [batch])
    }

    @Test func `a batch outside the grant's stripes is refused`() throws {
        let fixture = try ManifestFixture()
        let narrow = try fixture.grant([0..<4, 8..<12])
        #expect(narrow.allows(PieceIndex(11)) && !narrow.allows(PieceIndex(5)) && !narrow.allows(PieceIndex(12)))
        // A relay signs beyond its stripes: put its pieces into an encoding by hand, and sign that.
        let good = HashBatch.signed(
            firstPiece: PieceIndex(0),
            hashes: [fixture.hashes(0)],
            grant: narrow,
            by: fixture.relay
        )
        var bytes = good.encoded.dropLast(64)
        bytes[5 + 32 + 8 + 3] = 5
        let domain = Array("sluice hash batch v1\0".utf8)
        let crafted = try HashBatch(decoding: Array(bytes) + fixture.relay.sign(domain + bytes).bytes)
        #expect(crafted.isSignedByRelay)
        var manifest = fixture.manifest
        expectManifestError(.outsideStripes) { try manifest.batchArrived(crafted) }
    }

    @Test func `a higher epoch revokes batches but not own hashes`() throws {
        let fixture = try ManifestFixture()
        var manifest = fixture.manifest
        _ = try manifest.batchArrived(fixture.batch(0..<4))
        #expect(try manifest.pieceHashed(PieceIndex(10), fixture.hashes(10)))
        #expect(manifest.epochRaised(to: Epoch(rawValue: 2)) == (0..<4).map { PieceIndex($0) })
        #expect(manifest.epochRaised(to: Epoch(rawValue: 2)) == [])
        manifest.checkInvariants()
        #expect(manifest.batches.isEmpty)
        #expect(manifest.provable.pieces == [PieceIndex(10)])
        expectManifestError(.revokedEpoch) { try manifest.batchArrived(fixture.batch(0..<4)) }
        #expect(try manifest.batchArrived(fixture.batch(0..<4, epoch: 2, variant: 1)).count == 4)
        manifest.checkInvariants()
    }

    @Test func `a publisher's v1 torrent is provable at once and completed by hashing`() throws {
        let fixture = try ManifestFixture(pieces: 3)
        let all = (0..<3).map { fixture.hashes($0) }
        var manifest = try #require(
            GrowingManifest(blob: fixture.blob, geometry: fixture.geometry, expectations: all.map { .sha1($0.sha1) })
        )
        #expect(manifest.isComplete && manifest.allHashes == nil)
        for index in 0..<3 { #expect(try !manifest.pieceHashed(PieceIndex(index), all[index])) }
        #expect(manifest.allHashes == all)
        expectManifestError(.badSignature) { try manifest.batchArrived(fixture.batch(0..<2, variant: 3)) }
        #expect(GrowingManifest(blob: fixture.blob, geometry: fixture.geometry, proven: []) == nil)
        manifest.checkInvariants()
    }

    @Test(arguments: 0..<30) func `any order of batches gives every hash`(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let fixture = try ManifestFixture(pieces: 60)
        var manifest = fixture.manifest
        var ranges: [Range<Int>] = []
        var start = 0
        while start < 60 {
            let end = min(60, start + Int.random(in: 1...9, using: &random))
            ranges.append(start..<end)
            if Bool.random(using: &random) { ranges.append(max(0, start - 2)..<end) }
            start = end
        }
        var gained = 0
        for range in ranges.shuffled(using: &random) {
            gained += try manifest.batchArrived(fixture.batch(range)).count
            manifest.checkInvariants()
        }
        #expect(gained == 60 && manifest.isComplete)
        #expect(manifest.allHashes == (0..<60).map { fixture.hashes($0) })
        // What is passed on proves all of it to another.
        var other = fixture.manifest
        for batch in manifest.batches { _ = try other.batchArrived(HashBatch(decoding: batch.encoded)) }
        #expect(other.allHashes == manifest.allHashes)
    }
}
