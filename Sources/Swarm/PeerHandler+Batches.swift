internal import BitTorrent
internal import Manifest
internal import NIOCore
internal import Units

/// The messages of `sl_manifest`: hash batches, and requests for them.
extension PeerHandler {
    /// Batches that prove more pieces: passed on where they are our own, and HAVEs that waited for them go out.
    func batchesPublished(_ batches: [HashBatch], toAll: Bool) {
        if toAll { send(batches) }
        let released = held.covered(by: { self.swarm?.isCovered($0) ?? false })
        for piece in released { announce(piece) }
        if toAll || !released.isEmpty { flushSoon() }
    }

    func askForBatches(of pieces: PieceRange) {
        guard let id = peerExtensions["sl_manifest"] else { return }
        send(.extended(id, BatchRequest(pieces).encoded))
        flushSoon()
    }

    /// What the peer lacks of these; a grant goes with its first batch only.
    private func send(_ batches: [HashBatch]) {
        guard let id = peerExtensions["sl_manifest"] else { return }
        for batch in batches where knownBatches.insert(batch.signature).inserted {
            let isKnown = sentGrants.contains(batch.grant.signature)
            if !isKnown, sentGrants.count < Limits.grantsPerConnection { sentGrants.insert(batch.grant.signature) }
            send(.extended(id, isKnown ? batch.brief : batch.encoded))
        }
    }

    func manifestMessage(_ payload: [UInt8], _ swarm: BlobSwarm) throws {
        guard let handle else { return }
        if BatchRequest.begins(payload) {
            let pieces = try BatchRequest(decoding: payload).pieces
            answers += 1
            guard answers <= Limits.answersPerSecond else { return }
            return send(swarm.batches(of: pieces))
        }
        guard let signature = Signature(bytes: payload.suffix(Signature.byteCount)) else { return }
        if knownBatches.count < Limits.rememberedBatches { knownBatches.insert(signature) }
        guard HashBatch.isBrief(payload) else {
            // A grant that does not hold ends the peer, so it may be remembered before it is checked.
            if receivedGrants.count < Limits.grantsPerConnection,
                let grant = try? HashBatch(decoding: payload).grant, !receivedGrants.contains(grant)
            {
                receivedGrants.append(grant)
            }
            return swarm.isPublished(signature) ? () : swarm.emit(.batch(handle, payload))
        }
        guard !swarm.isPublished(signature), let batch = try HashBatch(brief: payload, grants: receivedGrants) else {
            return
        }
        swarm.emit(.batch(handle, batch.encoded))
    }
}
