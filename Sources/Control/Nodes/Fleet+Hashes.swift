internal import BitTorrent
internal import Logging
internal import Manifest
internal import SluiceAPI
internal import Store
internal import Transport
internal import Units

extension Fleet {
    /// Batches in one message at most.
    static var maximumBatchesPerMessage: Int { 1024 }

    /// Takes a blob into memory, with the batches that are stored of it.
    func loadHashes(of record: BlobRecord) async throws {
        guard blobs[record.id] == nil else { return }
        guard let geometry = PieceGeometry(size: record.size, pieceLength: record.pieceLength) else {
            throw UserError(.dataLoss, "the stored blob \(record.id) has an impossible geometry")
        }
        var manifest = GrowingManifest(
            blob: record.id,
            geometry: geometry,
            control: signingKey.publicKey,
            epoch: record.epoch
        )
        for stored in try await store.batches(of: record.id) {
            _ = try? manifest.batchArrived(try HashBatch(decoding: stored.encoded))
        }
        guard blobs[record.id] == nil else { return }
        blobs[record.id] = BlobHashes(record: record, geometry: geometry, manifest: manifest)
    }

    /// A relay reports hashes it has computed: checked, stored, and held against what other relays said. Two different
    /// hashes for one piece mean that the origin changed under us.
    func batchesArrived(_ message: HashBatches, from node: NodeID) async throws {
        guard let id = BlobID(bytes: message.blob), message.batches.count <= Self.maximumBatchesPerMessage else {
            throw UserError(.invalidArgument, "a hash message names one blob and holds at most 1024 batches")
        }
        if blobs[id] == nil { try await recall(id, of: node) }
        var records: [HashBatchRecord] = []
        var pulled = 0
        for encoded in message.batches {
            do throws(ManifestError) {
                let batch = try HashBatch(decoding: encoded)
                // In place: a copy would cost every hash that is known each time.
                guard let news = try blobs[id]?.manifest.batchArrived(batch) else { return }
                pulled += news.count
                records.append(
                    HashBatchRecord(blob: id, firstPiece: batch.firstPiece, epoch: batch.epoch, encoded: encoded)
                )
            } catch {
                logger.warning("\(node) sent a hash batch that does not hold: \(error)")
                guard error.code == .conflict else { continue }
                try await fail(blob: id, because: "the origin changed: \(error)")
                return
            }
        }
        try await store.appendBatches(records)
        try await finishTorrent(of: id)
        let now = BootClock.now()
        blobs[id]?.paces[node, default: RelayPace(at: now)].pulled(pulled, at: now)
        try await relaysMayHelp(with: id)
    }

    /// A relay has hashes of a blob that nobody works on any more: control may have ended before it had them all, and they
    /// complete the torrent.
    private func recall(_ id: BlobID, of relay: NodeID) async throws {
        guard let record = try await store.blob(id), record.finishedTorrent.isEmpty, let node = nodes[relay]?.node,
            node.role == .relay
        else { return }
        try await loadHashes(of: record)
        keepForLateHashes(id, from: [node])
    }

    /// Ends every distribution of a blob.
    func fail(blob id: BlobID, because reason: String) async throws {
        for (distribution, active) in distributions where active.record.blob == id {
            try await end(distribution, as: .failed, because: reason)
        }
    }

    /// Publishes the torrent once the last hash is in.
    private func finishTorrent(of id: BlobID) async throws {
        guard let blob = blobs[id], blob.record.finishedTorrent.isEmpty, let hashes = blob.manifest.allHashes else {
            return
        }
        let present = relays(of: relayTasks(of: id))
        let relays = present.isEmpty ? blob.lastRelays : present
        let torrent = TorrentBuilder(
            name: blob.record.fileName,
            geometry: blob.geometry,
            hashes: hashes,
            trackers: relays.map { "http://\($0.address)/announce" },
            webSeeds: relays.filter(\.servesPlainHttp).map { "http://\($0.address)/blobs/\(id.hex)/content" }
        ).build()
        var finished = blob.record
        finished.finishedTorrent = torrent.content
        finished.infoHashes = torrent.infoHashes
        finished.state = .finished
        do {
            try await store.updateBlob(finished)
        } catch {
            // Its hashes were revoked meanwhile.
            guard error.code == .conflict else { throw error }
            return
        }
        blobs[id]?.finish(as: finished)
        for (distribution, active) in distributions where active.record.blob == id { tellWatchers(of: distribution) }
    }

    /// The relays whose tasks these are.
    func relays(of tasks: [TaskRecord]) -> [Node] { Set(tasks.map(\.node)).sorted().compactMap { nodes[$0]?.node } }
}
