internal import BitTorrent
internal import Manifest
internal import NIOConcurrencyHelpers
internal import PieceCache
internal import Swarm
internal import Synchronization
internal import Units

/// One blob that this node works on: its cache, its swarm, and what is known of its hashes. When the last hash is in,
/// it builds the final hybrid torrent, and the swarm answers under the final info-hashes too (DESIGN.md section 5).
final class ActiveBlob: Sendable {
    let id: BlobID
    let liveID: LiveID
    let geometry: PieceGeometry
    let fileName: String
    let lastModified: String
    let cache: BlobCache
    let swarm: BlobSwarm
    private let tracker: TrackerEndpoint

    private struct State {
        var manifest: GrowingManifest
        var torrents: [FinishedTorrent] = []
    }

    private let state: NIOLockedValueBox<State>
    private let served = Atomic<UInt64>(0)
    let isPinned = Atomic(false)

    init(
        cache: BlobCache,
        swarm: BlobSwarm,
        manifest: GrowingManifest,
        fileName: String,
        lastModified: String,
        tracker: TrackerEndpoint
    ) {
        self.id = cache.id
        self.liveID = LiveID(of: cache.id)
        self.geometry = cache.geometry
        self.fileName = fileName
        self.lastModified = lastModified
        self.cache = cache
        self.swarm = swarm
        self.tracker = tracker
        self.state = NIOLockedValueBox(State(manifest: manifest))
    }

    /// The strong validator of the content: the blob id names exactly these bytes.
    var entityTag: String { "\"\(id.hex)\"" }

    /// Where the content is served.
    var path: String { "/blobs/\(id.hex)/\(PercentEncodedPath.segment(fileName))" }

    /// Bytes sent over HTTP so far.
    var servedOverHTTP: ByteCount { ByteCount(rawValue: served.load(ordering: .relaxed)) }

    func countServed(_ bytes: Int) { served.add(UInt64(bytes), ordering: .relaxed) }

    func expectation(for piece: PieceIndex) -> PieceExpectation? {
        state.withLockedValue { $0.manifest.expectation(for: piece) }
    }

    /// The pieces that can be proven now.
    var provable: PieceSet { state.withLockedValue { $0.manifest.provable } }

    var hashesAreComplete: Bool { state.withLockedValue { $0.manifest.isComplete } }

    /// Signed batches from `piece` on, each in canonical form.
    func batches(from piece: PieceIndex) -> [[UInt8]] {
        state.withLockedValue { state in
            state.manifest.batches
                .filter { $0.firstPiece.rawValue + UInt32($0.hashes.count) > piece.rawValue }
                .map(\.encoded)
        }
    }

    /// A piece that is right for certain, whatever is signed.
    private func recordOwn(_ piece: PieceIndex, _ hashes: PieceHashes) throws(ManifestError) {
        let outcome: Result<Void, ManifestError> = state.withLockedValue { state in
            do throws(ManifestError) {
                _ = try state.manifest.pieceHashed(piece, hashes)
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try outcome.get()
    }

    /// Checks a batch, our own or one that somebody passed on; returns the pieces that can be proven by it and hands it on.
    func accept(_ batch: HashBatch, isOwn: Bool = false) throws(ManifestError) -> [PieceIndex] {
        if let raised = state.withLockedValue({ $0.manifest.raisedEpoch(by: batch) }) { raiseEpoch(to: raised) }
        let outcome: Result<(pieces: [PieceIndex], isNews: Bool), ManifestError> = state.withLockedValue { state in
            do throws(ManifestError) {
                let pieces = try state.manifest.batchArrived(batch)
                // What we vouch for ourselves is known before it is signed anew.
                return .success((pieces, !pieces.isEmpty || isOwn && state.manifest.isAccepted(batch)))
            } catch {
                return .failure(error)
            }
        }
        let (pieces, isNews) = try outcome.get()
        if isNews {
            swarm.publish([batch], areOwn: isOwn)
            finishIfComplete()
        }
        return pieces
    }

    /// Batches under a lower epoch are revoked.
    var epoch: Epoch { state.withLockedValue { $0.manifest.epoch } }

    /// A newer epoch revokes every batch under an older one: what nobody vouches for any more is neither served nor counted
    /// until it is proven anew, and a torrent made of revoked hashes is none. Who downloads the blob follows `epoch`.
    func raiseEpoch(to epoch: Epoch) {
        let raised: (torrents: [FinishedTorrent], unproven: [PieceIndex])? = state.withLockedValue { state in
            guard epoch > state.manifest.epoch else { return nil }
            _ = state.manifest.epochRaised(to: epoch)
            // At once with the epoch: a batch that comes meanwhile must not vouch for a piece that is withdrawn behind it.
            var unproven = cache.available
            unproven.subtract(state.manifest.provable)
            _ = cache.withdraw(unproven.pieces)
            guard !state.manifest.isComplete else { return ([], unproven.pieces) }
            defer { state.torrents = [] }
            return (state.torrents, unproven.pieces)
        }
        guard let (torrents, unproven) = raised else { return }
        for infoHash in torrents.flatMap(\.infoHashes) {
            swarm.removeIdentity(infoHash)
            tracker.remove(infoHash)
        }
        swarm.revoke(unproven, before: epoch)
    }

    /// These pieces in the cache are not, or not yet, what their hashes say.
    func withdraw(_ pieces: [PieceIndex], before epoch: Epoch) {
        _ = cache.withdraw(pieces)
        swarm.revoke(pieces, before: epoch)
    }

    /// The cache's pieces are right whatever anybody signs: we pulled them ourselves, or the publisher's digest says so.
    func vouch(for pieces: some Sequence<PieceIndex>) throws(ManifestError) {
        for piece in pieces {
            if let hashes = cache.hashes(of: piece) { try recordOwn(piece, hashes) }
        }
    }

    /// Empty until the last hash is known.
    var finalInfoHashes: [InfoHash] { state.withLockedValue { $0.torrents.flatMap(\.infoHashes) } }

    /// The finished torrent where `name` is one of its info-hashes in hexadecimal.
    func torrent(named name: String) -> [UInt8]? {
        state.withLockedValue { $0.torrents.first { $0.answers(to: name) }?.content }
    }

    /// Answers under the info-hashes of torrents that are known: the publisher's, or those just finished.
    func adopt(_ torrents: [FinishedTorrent]) {
        state.withLockedValue { $0.torrents = torrents }
        for torrent in torrents {
            for infoHash in torrent.infoHashes {
                swarm.addIdentity(infoHash, torrentInfo: torrent.info)
                tracker.allow(infoHash)
            }
        }
    }

    /// Builds the final torrents once the last hash is in: the hybrid, and version 1 alone for older clients.
    func finishIfComplete() {
        let hashes: [PieceHashes]? = state.withLockedValue { $0.torrents.isEmpty ? $0.manifest.allHashes : nil }
        guard let hashes else { return }
        let builder = TorrentBuilder(name: fileName, geometry: geometry, hashes: hashes)
        adopt([builder.build(.hybrid), builder.build(.v1)].map(FinishedTorrent.init))
    }
}
