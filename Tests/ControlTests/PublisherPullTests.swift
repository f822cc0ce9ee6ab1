import Manifest
import Store
import Testing
import Units

@testable import Control

/// Who has pulled what of a publisher's torrent, of which nobody tells hashes.
@Suite struct PublisherPullTests {
    private let pieceLength: UInt64 = 65_536
    private let pieces: UInt64 = 100
    private let start = BootTime(nanoseconds: 1_000_000_000)

    private func hashes(_ relays: [NodeID]) throws -> BlobHashes {
        // The last piece is a short one.
        let size = ByteCount(rawValue: pieces * pieceLength - 1)
        let id = try #require(BlobID(bytes: Array(repeating: 1, count: 32)))
        let record = BlobRecord(
            id: id,
            url: "http://files.example/a",
            size: size,
            etag: "",
            lastModified: "",
            pieceLength: UInt32(pieceLength),
            fileName: "a",
            sha256: [],
            origin: try #require(OriginID("files")),
            epoch: Epoch(rawValue: 1),
            publisherTorrent: [1],
            finishedTorrent: [1],
            createdAt: 0
        )
        let geometry = try #require(PieceGeometry(size: size, pieceLength: UInt32(pieceLength)))
        let key = SigningKey().publicKey
        let manifest = GrowingManifest(blob: id, geometry: geometry, control: key, epoch: Epoch(rawValue: 1))
        var hashes = BlobHashes(record: record, geometry: geometry, manifest: manifest)
        hashes.stripes = PullStripes(pieces: geometry.pieceCount, relays: relays)
        return hashes
    }

    @Test func `a relay has pulled its first pieces, as many as it has taken bytes for`() throws {
        let relays = try ["one", "two"].map { try #require(NodeID($0)) }
        var hashes = try hashes(relays)
        #expect(hashes.pulled(done: []).isEmpty)
        hashes.originTold(10 * pieceLength, by: relays[0], at: start)
        hashes.originTold(3 * pieceLength + 1, by: relays[1], at: start + .seconds(1))
        // Stripes of eight pieces in turn.
        let expected = Array(0..<8) + [16, 17] + Array(8..<12)
        #expect(hashes.pulled(done: []).pieces.map(\.int) == expected.sorted())
        #expect(hashes.paces[relays[1]]?.lastHeard == start + .seconds(1))
        // What is told again, and less, is no progress.
        hashes.originTold(pieceLength, by: relays[1], at: start + .seconds(9))
        #expect(hashes.paces[relays[1]]?.lastHeard == start + .seconds(1))
        #expect(hashes.pulled(done: Set(relays)).isFull)
    }

    @Test func `a relay that is done takes over from the end of one that is slow`() throws {
        let relays = try ["one", "two"].map { try #require(NodeID($0)) }
        var hashes = try hashes(relays)
        let owned = relays.map { relay in hashes.stripes.stripes(of: relay).flatMap(\.indices) }
        // The short last piece included, whoever has it.
        hashes.originTold(UInt64(owned[0].count) * pieceLength - 1, by: relays[0], at: start)
        hashes.originTold(4 * pieceLength, by: relays[1], at: start)
        let takeover = hashes.stripes.takeover(by: relays[0], pulled: hashes.pulled(done: []), least: 1) { _, _ in 4 }
        #expect(takeover?.from == relays[1])
        #expect(takeover?.pieces.last?.rawValue == owned[1].last)
        #expect(hashes.stripes.takeover(by: relays[1], pulled: hashes.pulled(done: []), least: 1) { _, _ in 4 } == nil)
    }
}
