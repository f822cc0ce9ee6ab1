internal import BitTorrent
internal import Download
internal import Logging
internal import Manifest
internal import NIOCore
internal import SluiceAPI
internal import Swarm
internal import Transport
internal import Units

extension BlobDownload {
    /// What peers do, told to the engine.
    func followSwarm() {
        blob.swarm.follow(on: loop) { [weak self] events in
            self?.assumeIsolated { $0.take(events) }
        }
    }

    private func take(_ events: [SwarmEvent]) {
        guard !isStopped else { return }
        let now = BootClock.now()
        var actions: [DownloadAction] = []
        for event in events { take(event, now, &actions) }
        perform(actions)
    }

    private func take(_ event: SwarmEvent, _ now: BootTime, _ actions: inout [DownloadAction]) {
        switch event {
        case .peerJoined(let peer, let kind, let address): joined(peer, kind, address, now, &actions)
        case .peerLeft(let peer):
            left(peer, now)
            engine.sourceLost(source(peer), at: now, into: &actions)
        case .isFar(let peer): if plan.prefersOwnSite { engine.sourceIsFar(source(peer), at: now) }
        case .bitField(let peer, let has): peerHas(peer, has.pieces, now, &actions)
        case .have(let peer, let pieces): peerHas(peer, pieces, now, &actions)
        case .suggested(let peer, let piece): engine.sourceSuggests(source(peer), piece, at: now, into: &actions)
        case .snubbed: break
        case .choked(let peer): engine.sourceChoked(source(peer), at: now, into: &actions)
        case .unchoked(let peer): engine.sourceUnchoked(source(peer), at: now, into: &actions)
        case .blocks(let blocks):
            for (peer, block, bytes) in blocks {
                if engine.blockArrived(source(peer), block, at: now, into: &actions) { assembly.add(block, bytes) }
            }
        case .rejected(let peer, let block): engine.requestRejected(source(peer), block, at: now, into: &actions)
        case .batch(let peer, let encoded): batchArrived(encoded, from: peer, now, &actions)
        case .listens(let peer, let address): peers[peer]?.address = Self.place(address)
        case .handshakeFailed(let address): dials.failed(Self.place(address), at: now)
        }
    }

    private func joined(
        _ peer: PeerHandle,
        _ kind: PeerKind,
        _ address: SocketAddress?,
        _ now: BootTime,
        _ actions: inout [DownloadAction]
    ) {
        let place = address.map(Self.place) ?? "?"
        dials.connected(place)
        peers[peer] = PeerRecord(address: place, isRelay: kind.isRelay, joined: now)
        guard plan.usesBitTorrent else { return }
        network.handshakeCompleted(at: now)
        engine.sourceAdded(
            source(peer),
            kind.isRelay ? .relayPeer : .agentPeer,
            has: PieceSet(capacity: blob.geometry.pieceCount),
            isChoked: true,
            at: now,
            into: &actions
        )
    }

    private func left(_ peer: PeerHandle, _ now: BootTime) {
        guard let record = peers.removeValue(forKey: peer), plan.usesBitTorrent else { return }
        network.connectionEnded(after: now - record.joined, wasCut: record.isRelay && engine.owes(source(peer)))
    }

    /// We want something of a peer as soon as it has a piece that we lack (BEP 3).
    private func peerHas(
        _ peer: PeerHandle,
        _ pieces: [PieceIndex],
        _ now: BootTime,
        _ actions: inout [DownloadAction]
    ) {
        engine.sourceHas(source(peer), pieces, at: now, into: &actions)
        guard peers[peer]?.isInteresting == false, plan.usesBitTorrent, !isOver,
            pieces.contains(where: { blob.geometry.contains($0) && !engine.verified.contains($0) })
        else { return }
        peers[peer]?.isInteresting = true
        blob.swarm.setInterested(true, peer)
    }

    /// A batch is checked before anything is believed of it; a forged one ends the peer.
    private func batchArrived(
        _ encoded: [UInt8],
        from peer: PeerHandle,
        _ now: BootTime,
        _ actions: inout [DownloadAction]
    ) {
        do {
            proved(try blob.accept(try HashBatch(decoding: encoded)), now, &actions)
        } catch {
            // An older epoch is late, not forged.
            guard error.code != .revokedEpoch, error.code != .tooMany else { return }
            reports.add(peers[peer]?.address ?? "?", .badBatch)
            runtime.logger.warning("a hash batch does not hold", metadata: ["error": "\(error)"])
            blob.swarm.ban(peer, reason: "it passed on a hash batch that does not hold")
        }
    }

    // MARK: Relays

    /// Runs `ask` for each relay beside the others, for those that come later too: one that does not answer keeps nobody else
    /// from being asked. `look` says whom to ask and when to look again; nil ends it. It takes the actor as a parameter,
    /// because the group's closure is on the actor only where it captures it, and the compiler (6.3) does not see that a
    /// closure of the actor's is then called from elsewhere.
    private func askEachRelay(
        _ ask: @escaping @Sendable (RelayConnection) async -> Void,
        _ look: (isolated BlobDownload) -> (relays: [SourceID: RelayConnection], again: Duration)?
    ) async {
        await withDiscardingTaskGroup { group in
            var asked: Set<SourceID> = []
            while !Task.isCancelled, let (relays, again) = look(self) {
                for (id, relay) in relays where asked.insert(id).inserted { group.addTask { await ask(relay) } }
                try? await Task.sleep(for: again)
            }
            group.cancelAll()
        }
    }

    /// Batches over HTTP: for agents whose BitTorrent does not work, and behind a peer that keeps them back.
    func followBatches() async {
        await askEachRelay {
            await self.followBatches(of: $0)
        } _: { download in
            blob.hashesAreComplete ? nil : (download.wantsBatches ? download.relays : [:], Self.batchInterval)
        }
    }

    private func followBatches(of relay: RelayConnection) async {
        while !Task.isCancelled, !blob.hashesAreComplete {
            if wantsBatches {
                let provable = blob.provable
                let first = blob.geometry.pieceCount.indices.first { !provable.contains($0) } ?? PieceIndex(0)
                if let batches = try? await relay.batches(of: blob.id, from: first) {
                    httpAnswered()
                    for encoded in batches { batchFetched(encoded) }
                }
            }
            try? await Task.sleep(for: Self.batchInterval)
        }
    }

    private var wantsBatches: Bool { peers.isEmpty || engine.assist.isAssisting }

    private static let batchInterval = Duration.milliseconds(500)

    private func batchFetched(_ encoded: [UInt8]) {
        guard let batch = try? HashBatch(decoding: encoded), let pieces = try? blob.accept(batch) else { return }
        var actions: [DownloadAction] = []
        proved(pieces, BootClock.now(), &actions)
        perform(actions)
    }

    /// Announces to every relay's tracker, and connects to the peers they name. Lost relays are tried again.
    func followPeers() async {
        guard plan.usesBitTorrent else { return }
        var pace = AnnouncePace()
        await askEachRelay {
            await self.announce(to: $0)
        } _: { download in
            let isComplete = download.engine.isComplete
            if !isComplete { download.dialRelays() }
            return (download.plan.announces ? download.relays : [:], pace.next(isSeed: isComplete))
        }
    }

    private func announce(to relay: RelayConnection) async {
        var pace = AnnouncePace()
        while !Task.isCancelled {
            for infoHash in blob.infoHashes {
                let left = blob.geometry.size.rawValue - engine.verifiedBytes.rawValue
                let request = AnnounceRequest(
                    infoHash: infoHash,
                    peerID: runtime.session.peerID,
                    port: UInt16(clamping: runtime.reach.port),
                    uploaded: blob.swarm.uploaded,
                    downloaded: blob.swarm.downloaded,
                    left: ByteCount(rawValue: left),
                    event: .none,
                    wanted: 50,
                    isCompact: true
                )
                guard let known = try? await relay.announce(request) else { continue }
                httpAnswered()
                for peer in known where !engine.isComplete { connect(to: peer) }
            }
            try? await Task.sleep(for: pace.next(isSeed: engine.isComplete))
        }
    }

    private func dialRelays() {
        let known = Set(peers.values.map(\.address))
        let now = BootClock.now()
        for endpoint in plan.relays
        where !known.contains(endpoint.address) && dials.mayDial(endpoint.address, at: now) {
            connect(to: endpoint)
        }
    }

    /// An address as reports and endpoints name it.
    private static func place(_ address: SocketAddress) -> String {
        URLAuthority.text(address.ipAddress ?? "?", address.port ?? 0)
    }

    private func connect(to peer: PeerAddress) {
        guard peer != runtime.reach.peer,
            let address = try? SocketAddress(packedIPAddress: ByteBuffer(bytes: peer.address), port: Int(peer.port))
        else { return }
        let place = Self.place(address)
        guard relaySources[place] == nil, dials.mayDial(place, at: BootClock.now()),
            !peers.values.contains(where: { $0.address == place })
        else { return }
        blob.swarm.connect(to: address, kind: .agent)
    }
}

/// How far apart announces are: close at first, when the others are just announcing themselves too; a seed has time.
private struct AnnouncePace {
    private static let longest = Duration.seconds(2)
    private static let ofSeeds = Duration.seconds(10)

    private var pause = Duration.milliseconds(100)

    mutating func next(isSeed: Bool) -> Duration {
        defer { pause = min(Self.longest, pause * 2) }
        return isSeed ? Self.ofSeeds : pause
    }
}
