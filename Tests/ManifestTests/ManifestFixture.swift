import Manifest
import Testing
import Units

/// A blob with keys and hashes to play with.
struct ManifestFixture {
    let control = ManifestFixture.key(1)
    let relay = ManifestFixture.key(2)
    let blob: BlobID
    let geometry: PieceGeometry

    init(pieces: Int = 100) throws {
        blob =
            BlobIdentity(url: "http://a/b", size: ByteCount(1), etag: nil, lastModified: nil, pieceLength: 65_536)
            .blobID
        geometry = try #require(PieceGeometry(size: ByteCount(pieces * 65_536 - 5), pieceLength: 65_536))
    }

    static func key(_ byte: UInt8) -> SigningKey {
        guard let key = SigningKey(seed: Array(repeating: byte, count: 32)) else { preconditionFailure("32 bytes") }
        return key
    }

    var manifest: GrowingManifest {
        GrowingManifest(blob: blob, geometry: geometry, control: control.publicKey, epoch: Epoch(rawValue: 1))
    }

    func hashes(_ piece: Int, variant: UInt8 = 0) -> PieceHashes {
        let bytes = [UInt8(truncatingIfNeeded: piece), UInt8(truncatingIfNeeded: piece >> 8), variant]
        var sha1 = SHA1Hasher()
        unsafe sha1.update(bytes.span.bytes)
        return PieceHashes(merkleRoot: SHA256Hasher.digest(of: bytes), sha1: sha1.finish())
    }

    func stripe(_ range: Range<UInt32>) throws -> PieceRange { try #require(PieceRange(range)) }

    func grant(_ stripes: [Range<UInt32>]? = nil, epoch: UInt64 = 1, by signer: SigningKey? = nil) throws -> PullGrant {
        PullGrant.signed(
            blob: blob,
            geometry: geometry,
            relay: relay.publicKey,
            stripes: try (stripes ?? [0..<geometry.pieceCount.rawValue]).map(stripe),
            epoch: Epoch(rawValue: epoch),
            by: signer ?? control
        )
    }

    func batch(_ range: Range<Int>, epoch: UInt64 = 1, variant: UInt8 = 0) throws -> HashBatch {
        HashBatch.signed(
            firstPiece: PieceIndex(range.lowerBound),
            hashes: range.map { hashes($0, variant: variant) },
            grant: try grant(epoch: epoch),
            by: relay
        )
    }
}

/// The body throws a manifest error of this code.
func expectManifestError<Value>(
    _ code: ManifestError.Code,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws -> Value
) {
    do {
        _ = try body()
        Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    } catch {
        #expect((error as? ManifestError)?.code == code, sourceLocation: sourceLocation)
    }
}
