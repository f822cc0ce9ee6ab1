package import Units

/// Hashes of consecutive pieces, signed by the relay that pulled them; carries the grant that proves the relay.
package struct HashBatch: Hashable, Sendable {
    private static let magic = Array("SLHB".utf8) + [1]
    private static let domain = Array("sluice hash batch v1\0".utf8)

    package let blob: BlobID
    package let epoch: Epoch
    package let firstPiece: PieceIndex
    /// 1 to `Limits.maximumBatchHashes`, for `firstPiece` and those after it.
    package let hashes: [PieceHashes]
    package let grant: PullGrant
    /// The relay's, over the domain string and everything above.
    package let signature: Signature

    /// Signs a batch under a grant. Traps where the key is not the grant's, or a piece is outside its stripes.
    package static func signed(
        firstPiece: PieceIndex,
        hashes: [PieceHashes],
        grant: PullGrant,
        by relay: SigningKey
    ) -> HashBatch {
        precondition(relay.publicKey == grant.relay, "the grant is another relay's")
        precondition((1...Limits.maximumBatchHashes).contains(hashes.count), "a batch has 1 to 1024 hashes")
        let unsigned = body(firstPiece: firstPiece, hashes: hashes, grant: grant)
        let batch = HashBatch(
            firstPiece: firstPiece,
            hashes: hashes,
            grant: grant,
            signature: relay.sign(domain + unsigned)
        )
        precondition(batch.pieces.allSatisfy(grant.allows), "a piece outside the grant's stripes")
        return batch
    }

    init(firstPiece: PieceIndex, hashes: [PieceHashes], grant: PullGrant, signature: Signature) {
        blob = grant.blob
        epoch = grant.epoch
        self.firstPiece = firstPiece
        self.hashes = hashes
        self.grant = grant
        self.signature = signature
    }

    /// The pieces the hashes are of, ascending.
    package var pieces: [PieceIndex] {
        hashes.indices.map { PieceIndex(rawValue: firstPiece.rawValue &+ UInt32($0)) }
    }

    /// Whether the relay that the grant names signed it. The grant is checked apart: see `PullGrant.isValid(control:)`.
    package var isSignedByRelay: Bool { grant.relay.verifies(signature, of: Self.domain + body) }

    /// Canonical: magic and version, blob, epoch, first piece, hashes, grant, signature.
    package var encoded: [UInt8] { body + signature.bytes }

    /// Reads one encoding; total. Signatures are not checked, but blob and epoch are the grant's and no index overflows.
    package init(decoding bytes: [UInt8]) throws(ManifestError) {
        guard bytes.count <= Limits.maximumBatchBytes else {
            throw ManifestError(.tooMany, "a hash batch is longer than its limit")
        }
        var reader = CanonicalReader(bytes)
        try reader.magic(Self.magic)
        blob = try reader.fixed()
        epoch = Epoch(rawValue: try reader.integer())
        firstPiece = PieceIndex(rawValue: try reader.integer())
        hashes = try Self.hashes(from: firstPiece, &reader)
        grant = try PullGrant(decoding: reader.counted(limit: Limits.maximumGrantBytes))
        signature = try reader.fixed()
        try reader.end()
        guard grant.blob == blob, grant.epoch == epoch else {
            throw ManifestError(.malformed, "a hash batch and its grant disagree")
        }
    }

    /// Their count, and the hashes.
    static func hashes(from first: PieceIndex, _ reader: inout CanonicalReader) throws(ManifestError) -> [PieceHashes] {
        let count = try reader.integer(UInt32.self)
        guard (1...UInt32(Limits.maximumBatchHashes)).contains(count) else {
            throw ManifestError(.tooMany, "a hash batch has no or too many hashes")
        }
        guard PieceRange(first: first, count: PieceCount(rawValue: count)) != nil else {
            throw ManifestError(.malformed, "a hash batch ends beyond the last index")
        }
        var hashes: [PieceHashes] = []
        for _ in 0..<count {
            hashes.append(PieceHashes(merkleRoot: try reader.fixed(), sha1: try reader.fixed()))
        }
        return hashes
    }

    private var body: [UInt8] { Self.body(firstPiece: firstPiece, hashes: hashes, grant: grant) }

    private static func body(firstPiece: PieceIndex, hashes: [PieceHashes], grant: PullGrant) -> [UInt8] {
        var writer = CanonicalWriter()
        writer.raw(magic)
        writer.fixed(grant.blob)
        writer.integer(grant.epoch.rawValue)
        writer.integer(firstPiece.rawValue)
        writer.integer(UInt32(hashes.count))
        for pair in hashes {
            writer.fixed(pair.merkleRoot)
            writer.fixed(pair.sha1)
        }
        writer.counted(grant.encoded)
        return writer.bytes
    }
}
