internal import BitTorrent
internal import Manifest
internal import NIOConcurrencyHelpers
internal import NIOCore
internal import PieceCache
internal import Synchronization
internal import Transport
internal import Units

extension BlobSwarm {
    /// Follows the cache and ends choking rounds.
    func start() {
        let pieces = cache.newPieces()
        let task = Task { [weak self] in
            for await piece in pieces { self?.pieceAvailable(piece) }
        }
        let loop = session.group.next()
        var rounds = [
            loop.scheduleRepeatedTask(initialDelay: .seconds(5), delay: .seconds(5)) { [weak self] _ in
                self?.roundEnded()
            }
        ]
        if configuration.liveID != nil {
            let pause = TimeAmount.milliseconds(Limits.proofMilliseconds)
            rounds.append(
                loop.scheduleRepeatedTask(initialDelay: pause, delay: pause) { [weak self] _ in self?.askForProofs() }
            )
        }
        if configuration.advises {
            let pause = TimeAmount.milliseconds(Limits.adviceMilliseconds)
            rounds.append(
                loop.scheduleRepeatedTask(initialDelay: pause, delay: pause) { [weak self] _ in
                    self?.advise { $0.tick(at: $1) }
                }
            )
        }
        state.withLockedValue { state in
            state.running = task
            state.rounds = rounds
        }
    }

    /// The peer's handshake is in; nil where it is a stranger, ourselves, a double, banned, or one
    /// too many. A relay that we dial is never that: there are few, and they have all.
    func joined(_ entry: PeerEntry, address: SocketAddress?) -> PeerHandle? {
        var loser: PeerEntry?
        let handle: PeerHandle? = state.withLockedValue { state in
            if entry.isOutgoing { state.dialling -= 1 }
            guard !state.hasLeft, entry.peerID != session.peerID,
                !state.banned.contains(entry.peerID, at: entry.channel.remoteAddress),
                entry.kind.isRelay || state.peers.count < state.maximumPeers
            else { return nil }
            if let double = state.peers.values.first(where: { $0.peerID == entry.peerID }) {
                // Two that dial each other at once keep the connection of the smaller id, so that both keep the same one.
                let ownDialWins = session.peerID.bytes.lexicographicallyPrecedes(entry.peerID.bytes)
                guard entry.isOutgoing == ownDialWins, double.isOutgoing != ownDialWins else { return nil }
                loser = double
            }
            let handle = PeerHandle(rawValue: state.nextHandle)
            state.nextHandle += 1
            state.peers[handle] = entry
            state.loops.add(handle, entry)
            return handle
        }
        loser?.channel.close(promise: nil)
        if let handle { emit(.peerJoined(handle, entry.kind, address)) }
        return handle
    }

    func left(_ handle: PeerHandle) {
        let actions: [Choker<PeerHandle>.Action] = state.withLockedValue { state in
            guard let entry = state.peers.removeValue(forKey: handle) else { return [] }
            state.loops.remove(handle, entry)
            let totals = entry.counters.totals
            state.past[entry.kind, default: TransferTotals()].sent += totals.sent
            state.past[entry.kind, default: TransferTotals()].received += totals.received
            state.advisor?.peerLeft(handle)
            state.missingProofs.peerLeft(handle)
            return state.choker.peerLeft(handle)
        }
        emit(.peerLeft(handle))
        perform(actions)
    }

    /// A dialled address gave no connection at all.
    func handshakeFailed(_ address: SocketAddress) {
        state.withLockedValue { $0.dialling -= 1 }
        emit(.handshakeFailed(address))
    }

    func interestChanged(_ isInterested: Bool, _ peer: PeerHandle) {
        let actions = state.withLockedValue { state in
            isInterested ? state.choker.peerInterested(peer) : state.choker.peerNotInterested(peer)
        }
        perform(actions)
    }

    func torrentInfo(of infoHash: InfoHash) -> [UInt8]? { state.withLockedValue { $0.identities[infoHash] ?? nil } }

    var ownBatches: [HashBatch] { state.withLockedValue { $0.own } }

    /// Batches that cover some of these pieces.
    func batches(of pieces: PieceRange) -> [HashBatch] {
        state.withLockedValue { state in
            Array(
                state.batches.lazy.filter { batch in
                    let end = UInt64(batch.firstPiece.rawValue) + UInt64(batch.hashes.count)
                    return batch.firstPiece.rawValue < pieces.indices.upperBound && end > pieces.first.rawValue
                }.prefix(Limits.batchesPerAnswer)
            )
        }
    }

    func isCovered(_ piece: PieceIndex) -> Bool { state.withLockedValue { $0.covered.contains(piece) } }

    func isPublished(_ signature: Signature) -> Bool { state.withLockedValue { $0.signatures.contains(signature) } }

    /// The piece layer and all above it, once every piece is there.
    var pieceLayers: MerkleLayers? {
        if let known = state.withLockedValue({ $0.pieceLayers }) { return known }
        guard let hashes = cache.makeManifestHashes(), !hashes.isEmpty else { return nil }
        let height = MerkleTree.pieceLayerHeight(cache.geometry)
        let layers = MerkleLayers(over: hashes.map(\.merkleRoot), height: height)
        state.withLockedValue { $0.pieceLayers = layers }
        return layers
    }

    /// A peer that can be told what to take.
    func advisable(_ peer: PeerHandle) {
        guard configuration.advises else { return }
        state.withLockedValue { state in
            if state.peers[peer] != nil { state.advisor?.peerJoined(peer) }
        }
    }

    /// First copies go to those at our own site, who take them: others have relays of theirs.
    func isFar(_ peer: PeerHandle) {
        state.withLockedValue { $0.advisor?.peerLeft(peer) }
        emit(.isFar(peer))
    }

    func peerHas(_ peer: PeerHandle, _ pieces: [PieceIndex]) {
        let now = BootClock.now()
        if configuration.liveID != nil {
            let covered = state.withLockedValue { $0.covered }
            let unproven = pieces.filter { !covered.contains($0) }
            if !unproven.isEmpty {
                let available = cache.available
                state.withLockedValue { state in
                    state.missingProofs.peerHas(peer, unproven.filter { !available.contains($0) }, at: now)
                }
            }
        }
        guard configuration.advises else { return }
        advise { $0.peerHas(peer, pieces, at: $1) }
    }

    private func askForProofs() {
        let now = BootClock.now()
        let questions: [(PeerEntry, PieceRange)] = state.withLockedValue { state in
            state.missingProofs.tick(at: now).compactMap { one in state.peers[one.peer].map { ($0, one.pieces) } }
        }
        for (peer, pieces) in questions {
            peer.channel.eventLoop.execute { peer.handler.value.askForBatches(of: pieces) }
        }
    }

    private func advise(_ body: (inout PieceAdvisor<PeerHandle>, BootTime) -> [PieceAdvisor<PeerHandle>.Advice]) {
        let now = BootClock.now()
        let advice: [(PeerEntry, PieceIndex)] = state.withLockedValue { state in
            guard var advisor = state.advisor else { return [] }
            // In place: a copy would cost the whole table each time.
            state.advisor = nil
            let advice = body(&advisor, now)
            state.advisor = advisor
            return advice.compactMap { one in state.peers[one.peer].map { ($0, one.piece) } }
        }
        for (peer, piece) in advice { peer.channel.eventLoop.execute { peer.handler.value.suggest(piece) } }
    }

    private func pieceAvailable(_ piece: PieceIndex) {
        state.withLockedValue { $0.loops }.tellAll { $0.pieceAvailable(piece) }
        if configuration.advises { advise { $0.pieceAvailable(piece, at: $1) } }
    }

    private func roundEnded() {
        let actions = state.withLockedValue { state in
            var usefulness: [PeerHandle: Choker<PeerHandle>.Usefulness] = [:]
            for (handle, entry) in state.peers {
                let received = entry.counters.received.load(ordering: .relaxed)
                let sent = entry.counters.sent.load(ordering: .relaxed)
                usefulness[handle] = Choker.Usefulness(
                    received: ByteCount(received - entry.receivedBefore),
                    sent: ByteCount(sent - entry.sentBefore)
                )
                state.peers[handle]?.receivedBefore = received
                state.peers[handle]?.sentBefore = sent
            }
            return state.choker.roundEnded(usefulness)
        }
        perform(actions)
    }

    private func perform(_ actions: [Choker<PeerHandle>.Action]) {
        for action in actions {
            let (peer, isChoking) =
                switch action {
                case .choke(let peer): (peer, true)
                case .unchoke(let peer): (peer, false)
                }
            guard let entry = state.withLockedValue({ $0.peers[peer] }) else { continue }
            entry.channel.eventLoop.execute { entry.handler.value.setChoking(isChoking) }
        }
    }
}
