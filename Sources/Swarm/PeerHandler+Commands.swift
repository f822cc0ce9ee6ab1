internal import BitTorrent
internal import Manifest
internal import NIOCore
internal import Transport
internal import Units

/// What the swarm asks of a connection, on its loop.
extension PeerHandler {
    func request(_ blocks: [Block]) {
        guard let handle else { return }
        let now = BootClock.now()
        for block in blocks {
            if connection?.request(block, at: now) == true {
                send(.request(block))
            } else {
                swarm?.emit(.rejected(handle, block))
            }
        }
        context?.flush()
    }

    func cancel(_ blocks: [Block]) {
        for block in blocks where connection?.cancel(block) == true { send(.cancel(block)) }
        context?.flush()
    }

    func setInterested(_ isInterested: Bool) {
        guard let message = connection?.setInterested(isInterested) else { return }
        send(message)
        context?.flush()
    }

    func setChoking(_ isChoking: Bool) {
        var actions: [PeerAction] = []
        connection?.setChoking(isChoking, into: &actions)
        for case .send(let message) in actions { send(message) }
        context?.flush()
    }

    /// A HAVE waits for the batch that proves its piece, for a second at most, where the peer speaks batches.
    func pieceAvailable(_ piece: PieceIndex) {
        guard let swarm, announced?.contains(piece) == false else { return }
        let isGrowing = infoHash?.bytes == swarm.configuration.liveID?.bytes
        if isGrowing, peerExtensions["sl_manifest"] != nil, !swarm.isCovered(piece) {
            held.hold(piece)
        } else {
            announce(piece)
            context?.flush()
        }
    }

    func suggest(_ piece: PieceIndex) {
        send(.suggest(piece))
        context?.flush()
    }

    func batchesPublished(_ batches: [HashBatch]) {
        guard let id = peerExtensions["sl_manifest"], let swarm else { return }
        for batch in batches where !knownBatches.contains(batch.signature) {
            knownBatches.insert(batch.signature)
            send(.extended(id, batch.encoded))
        }
        for piece in held.covered(by: swarm.isCovered) { announce(piece) }
        context?.flush()
    }

    /// Once a second.
    func ticked() {
        guard let handle, let swarm else { return }
        let now = BootClock.now()
        answers = 0
        for piece in held.ticked() { announce(piece) }
        guard now - lastReceived < .seconds(Limits.silentSeconds) else { return close() }
        if now - lastSent > .seconds(Limits.keepAliveSeconds) { send(.keepAlive) }
        let timeout = swarm.configuration.requestTimeout
        if !isSnubbed, let age = connection?.oldestRequest(at: now), age > timeout, now - lastBlock > timeout {
            isSnubbed = true
            swarm.emit(.snubbed(handle))
        }
        context?.flush()
    }

    private func announce(_ piece: PieceIndex) {
        guard announced?.insert(piece) == true else { return }
        send(.have(piece))
    }
}
