internal import BitTorrent
internal import Store
internal import Units

/// What users get of a blob whose torrent is finished: the publisher's own, or ours, as version 1 alone unless they ask
/// for both versions. Nodes answer under the info-hashes of both forms.
struct PublishedTorrent {
    let content: [UInt8]
    let magnetLink: String

    /// Traps nothing: a blob that is not finished, or whose stored torrent cannot be read, throws.
    init(of blob: BlobRecord, hybrid: Bool) throws {
        let metainfo = try Metainfo(decoding: blob.finishedTorrent)
        guard blob.publisherTorrent.isEmpty, !hybrid else {
            content = blob.finishedTorrent
            magnetLink = metainfo.magnetLink
            return
        }
        guard let classic = metainfo.versionOne else {
            throw UserError(.dataLoss, "the stored torrent lacks its version 1 hashes")
        }
        content = classic.content
        magnetLink = classic.magnetLink
    }

    /// Empty while the torrent is not finished.
    static func magnetLink(of blob: BlobRecord) -> String {
        guard !blob.finishedTorrent.isEmpty else { return "" }
        return (try? PublishedTorrent(of: blob, hybrid: false))?.magnetLink ?? ""
    }
}
