import Manifest
import Testing
import Units

struct BatchSignerTests {
    @Test func `the first eight pieces are signed at once`() throws {
        let fixture = try ManifestFixture()
        var signer = BatchSigner(key: fixture.relay, grant: try fixture.grant())
        for index in 0..<8 {
            let batches = signer.pieceHashed(PieceIndex(index), fixture.hashes(index), at: .zero)
            #expect(batches.map(\.pieces) == [[PieceIndex(index)]])
        }
        #expect(signer.pieceHashed(PieceIndex(8), fixture.hashes(8), at: .zero).isEmpty)
        signer.checkInvariants()
    }

    @Test func `the last eight pieces are signed at once`() throws {
        let fixture = try ManifestFixture(pieces: 100)
        var signer = BatchSigner(key: fixture.relay, grant: try fixture.grant())
        for index in 0..<92 { _ = signer.pieceHashed(PieceIndex(index), fixture.hashes(index), at: .zero) }
        _ = signer.flush()
        for index in 92..<100 {
            #expect(signer.pieceHashed(PieceIndex(index), fixture.hashes(index), at: .zero).count == 1)
        }
    }

    @Test func `later pieces wait for 64, or an eighth of the time that has passed`() throws {
        let fixture = try ManifestFixture()
        var signer = BatchSigner(key: fixture.relay, grant: try fixture.grant())
        for index in 0..<8 { _ = signer.pieceHashed(PieceIndex(index), fixture.hashes(index), at: .zero) }
        for index in 8..<71 {
            #expect(signer.pieceHashed(PieceIndex(index), fixture.hashes(index), at: .zero).isEmpty)
        }
        #expect(signer.tick(at: .zero + .milliseconds(4)).isEmpty)
        let full = signer.pieceHashed(PieceIndex(71), fixture.hashes(71), at: .zero)
        #expect(full.map(\.hashes.count) == [64])
        let later = BootTime.zero + .seconds(1)
        #expect(signer.pieceHashed(PieceIndex(75), fixture.hashes(75), at: later).isEmpty)
        #expect(signer.pieceHashed(PieceIndex(73), fixture.hashes(73), at: later).isEmpty)
        #expect(signer.pieceHashed(PieceIndex(72), fixture.hashes(72), at: later).isEmpty)
        #expect(signer.deadline == later + .milliseconds(100))
        let rest = signer.tick(at: later + .milliseconds(100))
        #expect(rest.map(\.pieces) == [[PieceIndex(72), PieceIndex(73)], [PieceIndex(75)]])
        #expect(signer.deadline == nil)
        for (age, wait) in [(200, 25), (400, 50), (60_000, 100)] {
            let now = BootTime.zero + .seconds(1) + .milliseconds(age)
            var signer = BatchSigner(key: fixture.relay, grant: try fixture.grant())
            for index in 0..<8 { _ = signer.pieceHashed(PieceIndex(index), fixture.hashes(index), at: later) }
            #expect(signer.pieceHashed(PieceIndex(8), fixture.hashes(8), at: now).isEmpty)
            #expect(signer.deadline == now + .milliseconds(wait))
            for index in 9..<12 {
                #expect(signer.pieceHashed(PieceIndex(index), fixture.hashes(index), at: now).isEmpty)
            }
            #expect(signer.deadline == now + .milliseconds(10), "four are worth a batch")
            #expect(signer.pieceHashed(PieceIndex(12), fixture.hashes(12), at: now + .milliseconds(10)).count == 1)
            signer.checkInvariants()
        }
        signer.checkInvariants()
    }

    @Test(arguments: 0..<20) func `every piece is signed exactly once`(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let fixture = try ManifestFixture(pieces: 300)
        var signer = BatchSigner(key: fixture.relay, grant: try fixture.grant())
        var manifest = fixture.manifest
        var now = BootTime.zero
        var signed: [PieceIndex] = []
        for index in (0..<300).shuffled(using: &random) {
            now = now + .milliseconds(Int.random(in: 0...9, using: &random))
            let batches = signer.pieceHashed(PieceIndex(index), fixture.hashes(index), at: now)
            signer.checkInvariants()
            for batch in batches { signed += try manifest.batchArrived(batch) }
        }
        for batch in signer.flush() { signed += try manifest.batchArrived(batch) }
        #expect(signed.count == 300 && manifest.isComplete)
    }

    @Test(arguments: 0..<20) func `stripes give each piece one owner and move to the living`(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let count = PieceCount(Int.random(in: 1...5_000, using: &random))
        var relays = (0..<Int.random(in: 1...5, using: &random)).map { _ in NodeID(prefix: "n", using: &random) }
        var stripes = PullStripes(pieces: count, relays: relays)
        func expectWhole() {
            let owned = relays.flatMap { stripes.stripes(of: $0) }.reduce(0) { $0 + $1.count.int }
            #expect(owned == count.int)
            #expect(relays.allSatisfy { stripes.stripes(of: $0).count <= Limits.maximumStripes })
        }
        expectWhole()
        while relays.count > 1 {
            let lost = relays.remove(at: Int.random(in: 0..<relays.count, using: &random))
            _ = stripes.relayLost(lost, pulled: PieceSet(capacity: count))
            stripes.checkInvariants()
            #expect(stripes.stripes(of: lost).isEmpty)
            let owned = relays.flatMap { stripes.stripes(of: $0) }.reduce(0) { $0 + $1.count.int }
            #expect(owned == count.int)
        }
    }

    @Test func `an idle relay takes half of what the slowest has left, from its end`() throws {
        let (fast, slow) = (try #require(NodeID("a")), try #require(NodeID("b")))
        var stripes = PullStripes(pieces: PieceCount(64), relays: [fast, slow])
        var pulled = PieceSet(capacity: PieceCount(64))
        #expect(stripes.takeover(by: fast, pulled: pulled, least: 4) { _, _ in 4 } == nil, "it is not idle")
        for piece in stripes.stripes(of: fast).flatMap(\.indices) { pulled.insert(PieceIndex(rawValue: piece)) }
        let help = try #require(stripes.takeover(by: fast, pulled: pulled, least: 4) { _, _ in 4 })
        #expect(help.from == slow && help.to == fast && !help.isStalled)
        stripes.give(help.pieces, of: slow, to: fast)
        #expect(stripes.stripes(of: fast).last?.indices.upperBound == 64)
        #expect(stripes.stripes(of: slow).reduce(0) { $0 + $1.count.int } == 32 - 14)
        stripes.checkInvariants()
        let kept = PullStripes(
            pieces: PieceCount(64),
            owners: [fast, slow].map { ($0, stripes.stripes(of: $0)) }
        )
        #expect(kept.stripes(of: slow) == stripes.stripes(of: slow))
        kept.checkInvariants()
        for piece in stripes.stripes(of: slow).flatMap(\.indices).dropFirst(3) {
            pulled.insert(PieceIndex(rawValue: piece))
        }
        for piece in stripes.stripes(of: fast).flatMap(\.indices) { pulled.insert(PieceIndex(rawValue: piece)) }
        #expect(stripes.takeover(by: fast, pulled: pulled, least: 4) { _, _ in 1 } == nil, "two are not worth it")
        let stalled = try #require(stripes.takeover(by: fast, pulled: pulled, least: 4) { _, _ in 0 })
        #expect(stalled.from == slow && stalled.isStalled)
        stripes.give(stalled.pieces, of: slow, to: fast)
        let open = stripes.stripes(of: slow).flatMap(\.indices).filter { !pulled.contains(PieceIndex(rawValue: $0)) }
        #expect(open.isEmpty)
    }

    @Test func `geometry cuts a blob as the BEPs do`() throws {
        let geometry = try #require(PieceGeometry(size: ByteCount(100_000), pieceLength: 32_768))
        #expect(geometry.pieceCount.rawValue == 4)
        #expect(geometry.length(of: PieceIndex(3)) == 1_696)
        #expect(geometry.blockCount(of: PieceIndex(0)) == 2 && geometry.blockCount(of: PieceIndex(3)) == 1)
        #expect(geometry.block(0, of: PieceIndex(3)).length == 1_696)
        #expect(geometry.pieces(overlapping: ByteRange(start: 32_767, end: 32_769)) == 0..<2)
        #expect(geometry.pieces(overlapping: ByteRange(start: 5, end: 5)).isEmpty)
        #expect(geometry.piece(containing: 99_999) == PieceIndex(3))
        #expect(PieceGeometry(size: ByteCount(1), pieceLength: 40_000) == nil)
        #expect(PieceGeometry(size: ByteCount(rawValue: .max), pieceLength: 16_777_216) == nil)
        #expect(PieceGeometry.defaultPieceLength(for: .mebibytes(1)) == 65_536)
        #expect(PieceGeometry.defaultPieceLength(for: .gibibytes(1)) == 524_288)
        #expect(PieceGeometry.defaultPieceLength(for: .gibibytes(1_000_000)) == 16_777_216)
    }
}
