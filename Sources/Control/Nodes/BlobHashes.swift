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
    /// Bytes that each relay has taken from the origin, by its statuses. They count where the publisher gave the hashes:
    /// nobody tells of pieces then.
    private var taken: [NodeID: UInt64] = [:]
    /// What a relay has been asked to leave to another, and when.
    var asked: (takeover: Takeover, at: BootTime)?
    /// Relays whose grants of now could not be stored, and are yet to be told.
    var ungranted: Set<NodeID> = []
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

    var isPublishers: Bool { !record.publisherTorrent.isEmpty }

    /// The pieces that have left the origin, as far as is known: those whose hashes relays have told, or, of a publisher's
    /// torrent, as many as each relay has taken bytes for. It takes them in order; `done` have taken all.
    func pulled(done: Set<NodeID>) -> PieceSet {
        guard isPublishers else { return manifest.provable }
        var pulled = PieceSet(capacity: geometry.pieceCount)
        for relay in stripes.allRelays {
            let count = done.contains(relay) ? .max : pieces(in: taken[relay] ?? 0)
            for index in stripes.stripes(of: relay).lazy.flatMap(\.indices).prefix(count) {
                pulled.insert(PieceIndex(rawValue: index))
            }
        }
        return pulled
    }

    /// A relay says how much it has taken from the origin.
    mutating func originTold(_ bytes: UInt64, by relay: NodeID, at now: BootTime) {
        let before = taken[relay] ?? 0
        guard isPublishers, bytes > before else { return }
        taken[relay] = bytes
        paces[relay, default: RelayPace(at: now)].pulled(pieces(in: bytes) - pieces(in: before), at: now)
    }

    /// The last may be a short one.
    private func pieces(in bytes: UInt64) -> Int {
        let length = UInt64(geometry.pieceLength)
        return Int(clamping: bytes / length + (bytes.isMultiple(of: length) ? 0 : 1))
    }

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
