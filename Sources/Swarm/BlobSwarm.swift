internal import BitTorrent
internal import Logging
package import Manifest
internal import NIOConcurrencyHelpers
package import NIOCore
package import PieceCache
internal import Synchronization
package import Transport
package import Units

/// The peers of one blob. Seeds by itself out of the cache; what to download is decided by who follows it.
package final class BlobSwarm: Sendable {
    struct State {
        var identities: [InfoHash: [UInt8]?] = [:]
        var order: [InfoHash] = []
        var peers: [PeerHandle: PeerEntry] = [:]
        var loops = PeerLoops()
        var nextHandle: UInt64 = 1
        var dialling = 0
        var banned = BannedPeers()
        var choker: Choker<PeerHandle>
        var advisor: PieceAdvisor<PeerHandle>?
        var batches: [HashBatch] = []
        /// Those that we have signed ourselves.
        var own: [HashBatch] = []
        var missingProofs = MissingProofs<PeerHandle>()
        var signatures: Set<Signature> = []
        var covered: PieceSet
        /// Kept from the first hash request on.
        var pieceLayers: MerkleLayers?
        var past: [PeerKind: TransferTotals] = [:]
        var maximumPeers: Int
        var hasLeft = false
        var running: Task<Void, Never>?
        var rounds: [RepeatedTask] = []
    }

    package let cache: BlobCache
    let configuration: SwarmConfiguration
    let session: SwarmSession
    /// What leaves for peers of this blob.
    package let uploadShaper = RateShaper()
    /// Not a `Mutex`: that one is handed to the next in line each time threads meet at it, and on a busy machine all of
    /// them then wait for the slowest to be scheduled.
    let state: NIOLockedValueBox<State>
    private let mailbox = SwarmMailbox()

    init(cache: BlobCache, configuration: SwarmConfiguration, session: SwarmSession) {
        self.cache = cache
        self.configuration = configuration
        self.session = session
        let seed = session.peerID.bytes.suffix(8).reduce(0) { $0 << 8 | UInt64($1) }
        state = NIOLockedValueBox(
            State(
                choker: Choker(slots: configuration.uploadSlots, seed: seed),
                advisor: configuration.advises ? PieceAdvisor(available: cache.available, seed: seed) : nil,
                covered: PieceSet(capacity: cache.geometry.pieceCount),
                maximumPeers: configuration.maximumPeers
            )
        )
    }

    /// Tells one follower what happens, on its loop; events of one moment come together. It follows in place of the one
    /// before, and hears of the peers that are here already, of some perhaps twice.
    package func follow(on loop: any EventLoop, _ take: @escaping @Sendable ([SwarmEvent]) -> Void) {
        mailbox.follow(on: loop, take)
        state.withLockedValue { $0.loops }.tellAll { $0.introduce() }
    }

    /// Bytes of blocks sent to all peers.
    package var uploaded: ByteCount { total { $0.sent } }
    /// Bytes of blocks received from all peers.
    package var downloaded: ByteCount { total { $0.received } }
    /// Bytes of blocks sent to peers of a kind.
    package func uploaded(to kind: PeerKind) -> ByteCount { total(kind) { $0.sent } }
    /// Bytes of blocks received from peers of a kind.
    package func downloaded(from kind: PeerKind) -> ByteCount { total(kind) { $0.received } }
    /// Connections with a handshake.
    package var peerCount: Int { state.withLockedValue { $0.peers.count } }
    /// Whether a packet more for each of them costs little.
    var hasFewPeers: Bool { peerCount <= Limits.fewPeers }

    /// No further connections above `count`; those that are there stay.
    package func limitPeers(to count: Int) { state.withLockedValue { $0.maximumPeers = max(1, count) } }

    /// Answers under a further info-hash; its info dictionary is sent by BEP 9.
    package func addIdentity(_ infoHash: InfoHash, torrentInfo: [UInt8]?) {
        let isIn = state.withLockedValue { state in
            guard !state.hasLeft else { return false }
            if state.identities.updateValue(torrentInfo, forKey: infoHash) == nil { state.order.append(infoHash) }
            return true
        }
        if isIn { session.register(self, under: infoHash) }
    }

    /// Dials a peer; the outcome is an event.
    package func connect(to address: SocketAddress, kind: PeerKind) {
        let infoHash: InfoHash? = state.withLockedValue { state in
            guard !state.hasLeft, kind.isRelay || state.peers.count + state.dialling < state.maximumPeers else {
                return nil
            }
            guard let first = state.order.first else { return nil }
            state.dialling += 1
            return first
        }
        guard let infoHash else { return emit(.handshakeFailed(address)) }
        dial(address, kind, infoHash)
    }

    /// Dials a peer that has announced itself, unless it is here: a client whose first try was uTP may not come by TCP for a
    /// quarter of an hour.
    package func callBack(_ peer: PeerID, at address: SocketAddress, under infoHash: InfoHash) {
        let dials = state.withLockedValue { state in
            guard !state.hasLeft, state.identities.keys.contains(infoHash), !state.banned.contains(peer, at: address),
                !state.peers.values.contains(where: { $0.peerID == peer }), state.dialling < Limits.callsBack,
                state.peers.count + state.dialling < state.maximumPeers
            else { return false }
            state.dialling += 1
            return true
        }
        guard dials else { return }
        dial(address, .unknown, infoHash)
    }

    private func dial(_ address: SocketAddress, _ kind: PeerKind, _ infoHash: InfoHash) {
        let outgoing = PeerBootstrap.Outgoing(swarm: self, infoHash: infoHash, kind: kind, address: address)
        PeerBootstrap.dial(outgoing, session: session)
    }

    /// Checked batches for peers that speak `sl_manifest`: our own go to all, present and future, others to those who ask.
    package func publish(_ batches: [HashBatch], areOwn: Bool) {
        let (fresh, loops): ([HashBatch], PeerLoops) = state.withLockedValue { state in
            var fresh: [HashBatch] = []
            for batch in batches where state.batches.count < Limits.rememberedBatches {
                guard state.signatures.insert(batch.signature).inserted else { continue }
                fresh.append(batch)
                for piece in batch.pieces where cache.geometry.contains(piece) { state.covered.insert(piece) }
                state.missingProofs.covered(batch.pieces)
            }
            state.batches += fresh
            if areOwn { state.own += fresh }
            return (fresh, state.loops)
        }
        guard !fresh.isEmpty else { return }
        loops.tellAll { $0.batchesPublished(fresh, toAll: areOwn) }
    }

    /// Control has raised the epoch: batches under an older one are passed on no more, and these pieces are not served until
    /// they are proven anew.
    package func revoke(_ pieces: [PieceIndex], before epoch: Epoch) {
        let loops = state.withLockedValue { state in
            state.batches.removeAll { $0.epoch < epoch }
            state.own.removeAll { $0.epoch < epoch }
            state.covered = PieceSet(capacity: cache.geometry.pieceCount)
            for piece in state.batches.flatMap(\.pieces) { state.covered.insert(piece) }
            state.pieceLayers = nil
            state.advisor?.piecesWithdrawn(pieces)
            return state.loops
        }
        loops.tellAll { $0.piecesRevoked(pieces) }
    }

    /// Answers no longer under an info-hash; peers that came by it have to go.
    package func removeIdentity(_ infoHash: InfoHash) {
        let loops: PeerLoops? = state.withLockedValue { state in
            guard state.identities.removeValue(forKey: infoHash) != nil else { return nil }
            state.order.removeAll { $0 == infoHash }
            return state.loops
        }
        session.remove(self, under: infoHash)
        loops?.tellAll { $0.identityRemoved(infoHash) }
    }

    /// Asks a peer for blocks; those that cannot be asked come back as `rejected`.
    package func request(_ blocks: [Block], from peer: PeerHandle) {
        let isKnown = withPeer(peer) { $0.request(blocks) }
        if !isKnown { for block in blocks { emit(.rejected(peer, block)) } }
    }

    /// Takes requests back.
    package func cancel(_ blocks: [Block], from peer: PeerHandle) { withPeer(peer) { $0.cancel(blocks) } }

    /// Tells a peer whether we want anything of it.
    package func setInterested(_ isInterested: Bool, _ peer: PeerHandle) {
        withPeer(peer) { $0.setInterested(isInterested) }
    }

    /// Ends the connection; the peer does not come back to this blob, nor after some others of its address anybody from there.
    package func ban(_ peer: PeerHandle, reason: String) {
        session.logger.info("peer banned", metadata: ["blob": "\(cache.id)", "reason": "\(reason)"])
        state.withLockedValue { state in
            if let entry = state.peers[peer] { state.banned.insert(entry.peerID, at: entry.channel.remoteAddress) }
        }
        withPeer(peer) { $0.close() }
    }

    /// Closes every connection and answers no more.
    package func leave() async {
        session.remove(self)
        let (entries, running, rounds) = state.withLockedValue { state in
            state.hasLeft = true
            return (Array(state.peers.values), state.running, state.rounds)
        }
        running?.cancel()
        for round in rounds { round.cancel() }
        for entry in entries { try? await entry.channel.close().get() }
        mailbox.close()
    }

    func emit(_ event: SwarmEvent) { mailbox.add(event) }

    /// What left connections moved, and those that are open.
    private func total(_ kind: PeerKind? = nil, _ count: (TransferTotals) -> UInt64) -> ByteCount {
        state.withLockedValue { state in
            let past = state.past.filter { kind == nil || $0.key == kind }.values.map(count).reduce(0, +)
            let open = state.peers.values.filter { kind == nil || $0.kind == kind }.map { count($0.counters.totals) }
            return ByteCount(past + open.reduce(0, +))
        }
    }

    @discardableResult
    private func withPeer(_ peer: PeerHandle, _ body: @escaping @Sendable (PeerHandler) -> Void) -> Bool {
        guard let entry = state.withLockedValue({ $0.peers[peer] }) else { return false }
        entry.channel.eventLoop.execute { body(entry.handler.value) }
        return true
    }
}
