package import Units

/// One exact file content at an origin, shared by the distributions that send it.
package struct BlobRecord: Hashable, Sendable {
    /// The blob's id.
    package var id: BlobID
    /// The URL at the origin.
    package var url: String
    /// The size in bytes.
    package var size: ByteCount
    /// The ETag the origin gave; may be empty.
    package var etag: String
    /// The Last-Modified the origin gave; may be empty.
    package var lastModified: String
    /// The piece length in bytes.
    package var pieceLength: UInt32
    /// The file name that stands in the torrent.
    package var fileName: String
    /// SHA-256 of the whole file, 32 bytes; empty when not known.
    package var sha256: [UInt8]
    /// The origin it comes from.
    package var origin: OriginID
    /// The epoch of its pull grants; batches below it are revoked.
    package var epoch: Epoch
    /// A publisher's .torrent; empty when hashes are not known up front.
    package var publisherTorrent: [UInt8]
    /// The .torrent built out of all hashes; empty until then.
    package var finishedTorrent: [UInt8]
    /// The final info-hashes; empty until all hashes are known.
    package var infoHashes: [InfoHash]
    /// Whether hashes still arrive.
    package var state: BlobState
    /// Why it failed; empty unless it did.
    package var failure: String
    /// When control first heard of it, milliseconds since 1970.
    package var createdAt: Int64

    package init(
        id: BlobID,
        url: String,
        size: ByteCount,
        etag: String = "",
        lastModified: String = "",
        pieceLength: UInt32,
        fileName: String = "",
        sha256: [UInt8] = [],
        origin: OriginID,
        epoch: Epoch = Epoch(rawValue: 1),
        publisherTorrent: [UInt8] = [],
        finishedTorrent: [UInt8] = [],
        infoHashes: [InfoHash] = [],
        state: BlobState = .growing,
        failure: String = "",
        createdAt: Int64
    ) {
        self.id = id
        self.url = url
        self.size = size
        self.etag = etag
        self.lastModified = lastModified
        self.pieceLength = pieceLength
        self.fileName = fileName
        self.sha256 = sha256
        self.origin = origin
        self.epoch = epoch
        self.publisherTorrent = publisherTorrent
        self.finishedTorrent = finishedTorrent
        self.infoHashes = infoHashes
        self.state = state
        self.failure = failure
        self.createdAt = createdAt
    }
}
