import Manifest
import Testing
import Units

/// Roots computed by an independent program (Python's hashlib, whole trees from BEP 52's text) over bytes
/// `(i % 256) * 31 + 7`.
struct MerkleTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let size: Int
        let pieceLength: UInt32
        let fileRoot: String
        let lastRoot: String
        let lastSHA1: String
        var testDescription: String { "\(size) bytes in pieces of \(pieceLength)" }
    }
    static let vectors = [
        Vector(
            size: 1,
            pieceLength: 65536,
            fileRoot: "ca358758f6d27e6cf45272937977a748fd88391db679ceda7dc7bf1f005ee879",
            lastRoot: "ca358758f6d27e6cf45272937977a748fd88391db679ceda7dc7bf1f005ee879",
            lastSHA1: "5d1be7e9dda1ee8896be5b7e34a85ee16452a7b4"
        ),
        Vector(
            size: 16384,
            pieceLength: 65536,
            fileRoot: "9038ac64e659335ccbfdd3f684f35a26a2c9e580d9af6b4807af3adbe2c257e3",
            lastRoot: "9038ac64e659335ccbfdd3f684f35a26a2c9e580d9af6b4807af3adbe2c257e3",
            lastSHA1: "939bb995594af4ce7a2068ea4f03c1b6ed365662"
        ),
        Vector(
            size: 16385,
            pieceLength: 65536,
            fileRoot: "f8e5d977fedb5e7216b0a5447273be907002da13e65219777df56e4948327727",
            lastRoot: "f8e5d977fedb5e7216b0a5447273be907002da13e65219777df56e4948327727",
            lastSHA1: "feb7652777d7dfa739cd70d9cefcb97ba877ace7"
        ),
        Vector(
            size: 49153,
            pieceLength: 65536,
            fileRoot: "3d387e728dbafbebe5a810d1ec74ba25298103d7b7d87c8af56c37c8447942a6",
            lastRoot: "3d387e728dbafbebe5a810d1ec74ba25298103d7b7d87c8af56c37c8447942a6",
            lastSHA1: "b3448cbb5ed4bb2922edb4b153c6cc87243d8d87"
        ),
        Vector(
            size: 65536,
            pieceLength: 65536,
            fileRoot: "9be2b0cc98f73ee71bdb4dc268f7c6ea1a1e7c85c547cced6bc1a5752ce9fd8c",
            lastRoot: "9be2b0cc98f73ee71bdb4dc268f7c6ea1a1e7c85c547cced6bc1a5752ce9fd8c",
            lastSHA1: "5c8ac5c8b9e529b72d47d42878e0896f3018324b"
        ),
        Vector(
            size: 65537,
            pieceLength: 65536,
            fileRoot: "e0ae964a72a545cddb538424440e3358185eba6de06cae347b12c839789357d9",
            lastRoot: "1c69c907833688f585d09b15484ab99ae6020397d13bc409aa3318a355c9066f",
            lastSHA1: "5d1be7e9dda1ee8896be5b7e34a85ee16452a7b4"
        ),
        Vector(
            size: 200000,
            pieceLength: 65536,
            fileRoot: "345c11e724d675726ca5d6070fe05f6448573bd67e3d104a682e1a236fb50549",
            lastRoot: "599fd4319d599879446e827cae7f5a0e3e4fa3b39fc2346098d9cf81b3ca720c",
            lastSHA1: "8b995ef164c544e5eb0d6a3b175377d987c4bdaa"
        ),
        Vector(
            size: 200000,
            pieceLength: 16384,
            fileRoot: "345c11e724d675726ca5d6070fe05f6448573bd67e3d104a682e1a236fb50549",
            lastRoot: "f2f83763d345602cb5c59a866cc4259e6323f1376684c94630332da82cb426ae",
            lastSHA1: "8b995ef164c544e5eb0d6a3b175377d987c4bdaa"
        ),
        Vector(
            size: 1048576,
            pieceLength: 65536,
            fileRoot: "82be725c0d6a623562018ce441d9cbcf97b6676d2a6e581af5ce1c06a57ef86f",
            lastRoot: "9be2b0cc98f73ee71bdb4dc268f7c6ea1a1e7c85c547cced6bc1a5752ce9fd8c",
            lastSHA1: "5c8ac5c8b9e529b72d47d42878e0896f3018324b"
        ),
        Vector(
            size: 327681,
            pieceLength: 32768,
            fileRoot: "02e7f0b2102974e21984c48ccf33d6e846e2910dab6d04faa6658279e707cd5b",
            lastRoot: "1bff40a8d2a8477f0f1d50c2021b41d1f1c8d121b97c917c8c37268b2ea248cc",
            lastSHA1: "5d1be7e9dda1ee8896be5b7e34a85ee16452a7b4"
        ),
    ]

    static func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: ($0 % 256) * 31 + 7) } }

    static func hashes(_ bytes: [UInt8], _ geometry: PieceGeometry, chunk: Int) -> [PieceHashes] {
        geometry.pieceCount.indices.map { piece in
            let range = geometry.range(of: piece)
            var hasher = PieceHasher(geometry: geometry, piece: piece)
            var position = Int(range.start)
            while position < Int(range.end) {
                let part = Array(bytes[position..<min(position + chunk, Int(range.end))])
                unsafe hasher.update(part.span.bytes)
                position += part.count
            }
            return hasher.finish()
        }
    }

    @Test(arguments: vectors) func `pieces and files have the roots of BEP 52`(_ vector: Vector) throws {
        let geometry = try #require(PieceGeometry(size: ByteCount(vector.size), pieceLength: vector.pieceLength))
        for chunk in [1_000, 16_384, 70_001] {
            let hashes = Self.hashes(Self.bytes(vector.size), geometry, chunk: chunk)
            #expect(hashes.last?.merkleRoot.hex == vector.lastRoot)
            #expect(hashes.last?.sha1.hex == vector.lastSHA1)
            let root = MerkleTree.fileRoot(pieceRoots: hashes.map(\.merkleRoot), geometry: geometry)
            #expect(root?.hex == vector.fileRoot)
        }
    }

    @Test func `an empty file has no root`() throws {
        let geometry = try #require(PieceGeometry(size: .zero, pieceLength: 65_536))
        #expect(geometry.pieceCount.rawValue == 0)
        #expect(MerkleTree.fileRoot(pieceRoots: [], geometry: geometry) == nil)
    }

    @Test(arguments: 0..<20) func `a proof leads to the root and no other does`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let nodes = (0..<Int.random(in: 1...40, using: &random)).map { SHA256Hasher.digest(of: [UInt8($0)]) }
        let root = MerkleTree.root(of: nodes)
        var width = 1
        while width < nodes.count { width *= 2 }
        let count = 1 << Int.random(in: 0...width.trailingZeroBitCount, using: &random)
        let first = Int.random(in: 0..<width / count, using: &random) * count
        let layers = MerkleLayers(over: nodes, height: 0)
        #expect(layers.root == root)
        guard let uncles = layers.proof(first: first, count: count) else {
            Issue.record("no proof for a valid run")
            return
        }
        let zero = MerkleTree.paddingRoot(height: 0)
        var run = (first..<first + count).map { $0 < nodes.count ? nodes[$0] : zero }
        #expect(MerkleTree.isProven(run, first: first, uncles: uncles, root: root))
        run[0] = SHA256Hasher.digest(of: [255, 1])
        #expect(!MerkleTree.isProven(run, first: first, uncles: uncles, root: root))
        #expect(layers.proof(first: width, count: count) == nil)
        #expect(layers.proof(first: 0, count: 3) == nil)
    }

    @Test func `hashes are the known answers of FIPS 180`() {
        #expect(
            SHA256Hasher.digest(of: Array("abc".utf8)).hex
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        )
        #expect(SHA1Hasher.digest(of: Array("abc".utf8)).hex == "a9993e364706816aba3e25717850c26c9cd0d89d")
    }
}
