internal import BitTorrent
internal import Manifest
internal import NIOCore
internal import Synchronization
internal import Transport
internal import Units

/// What the swarm asks of a connection, on its loop.
extension PeerHandler {
    /// Tells a new follower what this peer is like.
    func introduce() {
        guard let handle, let swarm, let connection else { return }
        deliver()
        swarm.emit(.peerJoined(handle, outgoing?.kind ?? .unknown, outgoing?.address ?? context?.channel.remoteAddress))
        if let listens { swarm.emit(.listens(handle, listens)) }
        if isFar { swarm.emit(.isFar(handle)) }
        swarm.emit(.bitField(handle, connection.peerPieces))
        if !connection.isChoked { swarm.emit(.unchoked(handle)) }
    }

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
            if announce(piece) { flushSoon() }
        }
    }

    /// BitTorrent cannot take a HAVE back: what is asked of these pieces is rejected until they are here again, and a peer
    /// that knows no rejects has to come anew. Those that have them may know who vouches for them now.
    func piecesRevoked(_ pieces: [PieceIndex]) {
        guard let handle, let swarm, let connection else { return }
        let told = pieces.filter { announced?.contains($0) ?? false }
        guard told.isEmpty || connection.speaksFast else { return close() }
        for piece in told { announced?.remove(piece) }
        held.forget(Set(pieces))
        swarm.peerHas(handle, pieces.filter { connection.peerPieces.contains($0) })
    }

    func identityRemoved(_ removed: InfoHash) {
        if infoHash == removed { close() }
    }

    func suggest(_ piece: PieceIndex) {
        send(.suggest(piece))
        flushSoon()
    }

    /// Once a second.
    func ticked() {
        guard let handle, let swarm else { return }
        let now = BootClock.now()
        answers = 0
        let sent = counters.sent.load(ordering: .relaxed)
        let water = min(
            max(Int(clamping: (sent - sentBefore) / 10), Limits.smallestWaterBytes),
            Limits.largestWaterBytes
        )
        sentBefore = sent
        try? context?.channel.syncOptions?.setOption(.writeBufferWaterMark, value: PeerBootstrap.water(water))
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

    /// Returns whether it is said: our own kind need not hear of what they have, except relays, which advise by it.
    @discardableResult func announce(_ piece: PieceIndex) -> Bool {
        guard announced?.insert(piece) == true else { return false }
        let isNews =
            outgoing?.kind.isRelay == true || peerExtensions["sl_manifest"] == nil
            || connection?.peerPieces.contains(piece) != true
        if isNews { send(.have(piece)) }
        return isNews
    }

    /// Small messages wait a moment for others, or for a block, so that each does not cost a packet. Among few a packet costs
    /// little, and a peer with nothing left to get from us may have nothing at all to do.
    func flushSoon() {
        guard let context, let swarm, let flushRound else { return }
        if let connection, !connection.isChoking || !connection.peerIsInterested, connection.queuedUploads == 0,
            readsUnderWay == 0, swarm.hasFewPeers
        {
            context.flush()
            return
        }
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        flushRound.join(self)
    }

    func flushRoundEnded() {
        isFlushScheduled = false
        context?.flush()
    }
}
