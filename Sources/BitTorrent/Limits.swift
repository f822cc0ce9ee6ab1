/// What strangers can make this module hold at most.
package enum Limits {
    /// Levels of nested lists and dictionaries. Source: real torrents need five; bounds the stack.
    package static let maximumBencodeDepth = 100
    /// Values in one bencoded text. Source: bounds memory at about 100 bytes a value.
    package static let maximumBencodeValues = 1 << 20
    /// Bytes of a `.torrent`: 4 Mi pieces of 52 bytes would need 218 MB; nobody sends that. 64 MiB.
    package static let maximumTorrentBytes = 64 << 20
    /// Bytes of an info dictionary that is sent or taken by BEP 9. 8 MiB.
    package static let maximumMetadataBytes = 8 << 20
    /// Bytes of a site's name.
    package static let maximumSiteBytes = 63
    /// Bytes of one piece of metadata (BEP 9).
    package static let metadataPieceBytes = 16_384
    /// Bytes of one peer message: a hash batch or a bit field of 4 Mi pieces is the longest. 1 MiB.
    package static let maximumMessageBytes = 1 << 20
    /// Requests that a peer may have waiting here; more are rejected (BEP 10 `reqq`).
    package static let maximumQueuedRequests = 500
    /// Requests that we may have waiting at a peer.
    package static let maximumSentRequests = 500
    /// Bytes of one requested block. Source: BEP 52 allows 16 KiB; older clients ask for up to 128 KiB.
    package static let maximumRequestLength: UInt32 = 131_072
    /// Pieces that a peer may have while it is choked (BEP 6 suggests 10).
    package static let allowedFastPieces = 10
    /// Pieces that a peer may name as allowed fast before more are dropped.
    package static let maximumAllowedFastReceived = 128
    /// Hashes in one answer (BEP 52).
    package static let maximumHashesPerRequest: UInt32 = 512
    /// Peers kept by a tracker per info-hash.
    package static let maximumTrackedPeers = 10_000
    /// Info-hashes kept by one tracker.
    package static let maximumTrackedSwarms = 10_000
    /// Peers in one tracker answer. Source: what common trackers give at most.
    package static let maximumPeersPerAnswer = 200
    /// Bytes of an announce's query.
    package static let maximumAnnounceQueryBytes = 2_048
    /// Bytes of a tracker's answer that are read. 1 MiB.
    package static let maximumTrackerAnswerBytes = 1 << 20
    /// Bytes of a magnet link that are read.
    package static let maximumMagnetBytes = 16_384
}
