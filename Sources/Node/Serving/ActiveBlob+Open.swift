internal import BitTorrent
internal import Manifest
internal import PieceCache
internal import SluiceAPI
internal import Swarm
internal import Synchronization
internal import Units

extension ActiveBlob {
    /// Takes a blob up: its cache is opened, its swarm joined, and it is served from now on; a relay advises its peers.
    static func open(
        _ message: Blob,
        control: VerifyingKey,
        epoch: Epoch,
        advises: Bool,
        runtime: NodeRuntime
    ) async throws -> ActiveBlob {
        guard let id = BlobID(bytes: message.id),
            let geometry = PieceGeometry(size: ByteCount(rawValue: message.size), pieceLength: message.pieceLength)
        else { throw UserError(.invalidArgument, "the blob's id, size or piece length is not possible") }
        var manifest = GrowingManifest(blob: id, geometry: geometry, control: control, epoch: epoch)
        var torrent: FinishedTorrent?
        if !message.torrent.isEmpty {
            let metainfo = try Metainfo(decoding: message.torrent)
            guard let proven = GrowingManifest(blob: id, geometry: geometry, expectations: metainfo.expectations) else {
                throw UserError(.invalidArgument, "the publisher's .torrent does not fit the file")
            }
            manifest = proven
            torrent = FinishedTorrent(metainfo, content: message.torrent)
        }
        let cache = try await runtime.cache.open(id, geometry: geometry)
        let liveID = LiveID(of: id)
        let swarm = runtime.session.join(
            cache,
            configuration: SwarmConfiguration(liveID: torrent == nil ? liveID : nil, advises: advises)
        )
        let blob = ActiveBlob(
            cache: cache,
            swarm: swarm,
            manifest: manifest,
            fileName: message.fileName,
            lastModified: message.lastModified,
            tracker: runtime.tracker
        )
        if torrent == nil, let infoHash = InfoHash(bytes: liveID.bytes) { runtime.tracker.allow(infoHash) }
        if let torrent { blob.adopt([torrent]) }
        blob.pin(in: runtime)
        runtime.catalog.add(blob)
        return blob
    }

    /// Stops serving the blob; what is in the cache stays until it is evicted.
    func close(in runtime: NodeRuntime) async {
        runtime.catalog.remove(id)
        await swarm.leave()
        unpin(in: runtime)
    }

    /// It is needed: the cache does not evict it.
    func pin(in runtime: NodeRuntime) {
        if !isPinned.exchange(true, ordering: .acquiringAndReleasing) { runtime.cache.pin(id) }
    }

    /// It is shared for as long as the cache has room for it.
    func unpin(in runtime: NodeRuntime) {
        if isPinned.exchange(false, ordering: .acquiringAndReleasing) { runtime.cache.unpin(id) }
    }

    /// Bytes of the pieces in the cache.
    var availableBytes: ByteCount {
        let available = cache.available
        guard !available.isFull else { return geometry.size }
        let last = PieceIndex(geometry.pieceCount.rawValue - 1)
        let whole = UInt64(available.count.rawValue) * UInt64(geometry.pieceLength)
        let short = UInt64(geometry.pieceLength) - UInt64(geometry.length(of: last))
        return ByteCount(rawValue: available.contains(last) ? whole - short : whole)
    }

    /// What peers and trackers call it now: the live id until the final info-hashes are there.
    var infoHashes: [InfoHash] {
        let final = finalInfoHashes
        return final.isEmpty ? [InfoHash(bytes: liveID.bytes)].compactMap(\.self) : final
    }
}
