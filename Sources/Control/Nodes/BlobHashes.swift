internal import BitTorrent
internal import Manifest
internal import SluiceAPI
internal import Store
internal import Units

/// What control knows of the hashes of one blob that is being distributed.
struct BlobHashes: Sendable {
    private(set) var record: BlobRecord
    let geometry: PieceGeometry
    var manifest: GrowingManifest

    /// Which relay pulls which pieces.
    var stripes: PullStripes
    /// Of relays that have told of a piece.
    var paces: [NodeID: RelayPace] = [:]
    /// What a relay has been asked to leave to another, and when.
    var asked: (takeover: Takeover, at: BootTime)?
    /// Where the relays served when the last distribution ended: agents can be whole before the last hashes are here.
    var lastRelays: [Node] = []
    /// Empty until the torrent is finished.
    private(set) var magnetLink: String

    init(record: BlobRecord, geometry: PieceGeometry, manifest: GrowingManifest) {
        self.record = record
        self.geometry = geometry
        self.manifest = manifest
        stripes = PullStripes(pieces: geometry.pieceCount, relays: [])
        magnetLink = PublishedTorrent.magnetLink(of: record)
    }

    var epoch: Epoch { record.epoch }

    /// What was signed so far counts no more, nor does the torrent made of it: so it is stored already.
    mutating func raise(to raised: BlobRecord) {
        guard raised.epoch > record.epoch else { return }
        record = raised
        _ = manifest.epochRaised(to: record.epoch)
        magnetLink = PublishedTorrent.magnetLink(of: record)
        asked = nil
    }

    /// The last hash is in, and what was built of all is stored.
    mutating func finish(as finished: BlobRecord) {
        guard finished.epoch == record.epoch else { return }
        record = finished
        magnetLink = PublishedTorrent.magnetLink(of: record)
    }
}
