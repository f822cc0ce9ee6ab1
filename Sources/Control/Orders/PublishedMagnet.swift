internal import BitTorrent
internal import Store
internal import Units

/// The magnet link of a blob whose torrent is finished (BEP 9).
enum PublishedMagnet {
    /// Empty while the torrent is not finished.
    static func link(for blob: BlobRecord) -> String {
        guard !blob.finishedTorrent.isEmpty, let metainfo = try? Metainfo(decoding: blob.finishedTorrent) else {
            return ""
        }
        return metainfo.magnetLink
    }
}
