package import Units

/// What makes a blob that blob: where it is, its size and validators, and how it is cut.
package struct BlobIdentity: Hashable, Sendable {
    package let url: String
    package let size: ByteCount
    /// As the origin sent it, quotes included; nil where it sent none.
    package let etag: String?
    /// As the origin sent it; nil where it sent none.
    package let lastModified: String?
    /// Bytes of every piece but the last.
    package let pieceLength: UInt32
    package init(url: String, size: ByteCount, etag: String?, lastModified: String?, pieceLength: UInt32) {
        self.url = url
        self.size = size
        self.etag = etag
        self.lastModified = lastModified
        self.pieceLength = pieceLength
    }

    /// SHA-256 over all of it, canonically encoded.
    package var blobID: BlobID {
        var writer = CanonicalWriter()
        writer.raw(Array("sluice blob v1\0".utf8))
        writer.counted(Array(url.utf8))
        writer.integer(size.rawValue)
        for validator in [etag, lastModified] {
            // Absent and empty differ.
            writer.integer(UInt8(validator == nil ? 0 : 1))
            writer.counted(Array((validator ?? "").utf8))
        }
        writer.integer(pieceLength)
        guard let id = BlobID(bytes: SHA256Hasher.digest(of: writer.bytes).bytes) else {
            preconditionFailure("a blob id is as long as SHA-256")
        }
        return id
    }
}
