internal import Units

/// Batches of one grant follow each other by the hundred: on a connection the grant is sent once, with the first of them.
extension HashBatch {
    private static let briefMagic = Array("SLHb".utf8) + [1]
    /// Bytes of the grant's signature that tell it from others.
    private static let tagBytes = 8

    /// Canonical: magic and version, the start of the grant's signature, first piece, hashes, signature.
    package var brief: [UInt8] {
        var writer = CanonicalWriter()
        writer.raw(Self.briefMagic)
        writer.raw(Array(grant.signature.bytes.prefix(Self.tagBytes)))
        writer.integer(firstPiece.rawValue)
        writer.integer(UInt32(hashes.count))
        for pair in hashes {
            writer.fixed(pair.merkleRoot)
            writer.fixed(pair.sha1)
        }
        writer.fixed(signature)
        return writer.bytes
    }

    /// Whether the bytes are a batch without its grant.
    package static func isBrief(_ bytes: [UInt8]) -> Bool { bytes.starts(with: briefMagic) }

    /// Reads a brief encoding; nil where its grant is none of these. Total; signatures are not checked.
    package init?(brief bytes: [UInt8], grants: [PullGrant]) throws(ManifestError) {
        guard bytes.count <= Limits.maximumBatchBytes else {
            throw ManifestError(.tooMany, "a hash batch is longer than its limit")
        }
        var reader = CanonicalReader(bytes)
        try reader.magic(Self.briefMagic)
        let tag = try reader.raw(Self.tagBytes)
        guard let grant = grants.first(where: { $0.signature.bytes.starts(with: tag) }) else { return nil }
        let first = PieceIndex(rawValue: try reader.integer())
        let hashes = try Self.hashes(from: first, &reader)
        self.init(firstPiece: first, hashes: hashes, grant: grant, signature: try reader.fixed())
        try reader.end()
    }
}
