import Manifest
import Testing
import Units

struct EncodingTests {
    @Test func `grants and batches survive their encoding`() throws {
        let fixture = try ManifestFixture()
        let grant = try fixture.grant([0..<4, 4..<9, 90..<100])
        #expect(try PullGrant(decoding: grant.encoded) == grant)
        #expect(grant.isValid(control: fixture.control.publicKey))
        #expect(!grant.isValid(control: fixture.relay.publicKey))
        let batch = try fixture.batch(10..<20)
        #expect(try HashBatch(decoding: batch.encoded) == batch)
        #expect(batch.isSignedByRelay)
    }

    @Test func `a batch without its grant is whole again where the grant is known`() throws {
        let fixture = try ManifestFixture()
        let (grant, other) = (try fixture.grant(), try fixture.grant([0..<5]))
        let batch = try fixture.batch(10..<20)
        #expect(HashBatch.isBrief(batch.brief) && !HashBatch.isBrief(batch.encoded))
        #expect(batch.brief.count == batch.encoded.count - grant.encoded.count - 4 - 40 + 8)
        let known = try HashBatch(brief: batch.brief, grants: [other, grant])
        #expect(known == batch)
        let unknown = try HashBatch(brief: batch.brief, grants: [other])
        #expect(unknown == nil)
        for count in 0..<batch.brief.count {
            #expect(throws: ManifestError.self) { try HashBatch(brief: Array(batch.brief[..<count]), grants: [grant]) }
        }
        let request = BatchRequest(try fixture.stripe(3..<9))
        #expect(try BatchRequest(decoding: request.encoded) == request)
        #expect(BatchRequest.begins(request.encoded) && !BatchRequest.begins(batch.encoded))
        #expect(throws: ManifestError.self) { try BatchRequest(decoding: request.encoded + [0]) }
    }

    @Test func `every cut and every longer encoding is refused`() throws {
        let fixture = try ManifestFixture()
        let batch = try fixture.batch(0..<3).encoded
        for count in 0..<batch.count {
            #expect(throws: ManifestError.self) { try HashBatch(decoding: Array(batch[..<count])) }
        }
        #expect(throws: ManifestError.self) { try HashBatch(decoding: batch + [0]) }
        let grant = try fixture.grant().encoded
        for count in 0..<grant.count {
            #expect(throws: ManifestError.self) { try PullGrant(decoding: Array(grant[..<count])) }
        }
    }

    @Test func `no flipped bit is accepted by a manifest`() throws {
        let fixture = try ManifestFixture()
        let good = try fixture.batch(0..<2).encoded
        for position in good.indices {
            var bytes = good
            bytes[position] ^= UInt8(1 << (position % 8))
            guard let batch = try? HashBatch(decoding: bytes) else { continue }
            #expect(batch.encoded == bytes, "an encoding is canonical")
            var manifest = fixture.manifest
            #expect(throws: ManifestError.self) { try manifest.batchArrived(batch) }
            #expect(manifest.provable.isEmpty)
        }
    }

    @Test(arguments: 0..<50) func `random bytes never trap`(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let fixture = try ManifestFixture()
        var bytes = try fixture.batch(0..<2).encoded
        for _ in 0..<Int.random(in: 1...40, using: &random) {
            bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: .min ... .max, using: &random)
        }
        _ = try? HashBatch(decoding: bytes)
        _ = try? PullGrant(decoding: bytes)
    }

    @Test func `each part of an identity changes the blob id`() {
        func id(_ url: String, _ size: Int, _ etag: String?, _ modified: String?, _ length: UInt32) -> BlobID {
            BlobIdentity(url: url, size: ByteCount(size), etag: etag, lastModified: modified, pieceLength: length)
                .blobID
        }
        let ids: Set = [
            id("a", 1, nil, nil, 65_536), id("b", 1, nil, nil, 65_536), id("a", 2, nil, nil, 65_536),
            id("a", 1, "", nil, 65_536), id("a", 1, nil, "", 65_536), id("a", 1, nil, nil, 131_072),
            id("a", 1, "x", "y", 65_536), id("a", 1, "xy", "", 65_536),
        ]
        #expect(ids.count == 8)
        #expect(Set(ids.map { LiveID(of: $0) }).count == 8)
    }

    @Test func `Ed25519 is that of RFC 8032`() throws {
        // RFC 8032 section 7.1, test 2.
        let seed = try #require(Hexadecimal.decode("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"))
        let key = try #require(SigningKey(seed: seed))
        #expect(key.publicKey.hex == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
        let signature = key.sign([0x72])
        #expect(
            signature.hex == "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        )
        #expect(key.publicKey.verifies(signature, of: [0x72]))
        #expect(!key.publicKey.verifies(signature, of: [0x73]))
        #expect(SigningKey(seed: [1]) == nil)
        #expect(SigningKey().seed != SigningKey().seed)
    }
}
