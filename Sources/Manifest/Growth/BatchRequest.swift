package import Units

/// Asks a peer for the hash batches of pieces that it has and that nobody has vouched for yet.
package struct BatchRequest: Hashable, Sendable {
    private static let magic = Array("SLHR".utf8) + [1]

    package let pieces: PieceRange

    package init(_ pieces: PieceRange) { self.pieces = pieces }

    /// Canonical: magic and version, first piece, count.
    package var encoded: [UInt8] {
        var writer = CanonicalWriter()
        writer.raw(Self.magic)
        writer.integer(pieces.first.rawValue)
        writer.integer(pieces.count.rawValue)
        return writer.bytes
    }

    /// Whether the bytes are a request, and not a batch.
    package static func begins(_ bytes: [UInt8]) -> Bool { bytes.starts(with: magic) }

    /// Reads one encoding; total.
    package init(decoding bytes: [UInt8]) throws(ManifestError) {
        var reader = CanonicalReader(bytes)
        try reader.magic(Self.magic)
        let first = PieceIndex(rawValue: try reader.integer())
        guard let pieces = PieceRange(first: first, count: PieceCount(rawValue: try reader.integer())) else {
            throw ManifestError(.malformed, "a batch request names no pieces")
        }
        try reader.end()
        self.pieces = pieces
    }
}
