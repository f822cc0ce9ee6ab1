internal import BitTorrent
internal import Download
internal import Logging
internal import Manifest
internal import NIOCore
internal import PieceCache
internal import Scheduling
internal import SluiceAPI
internal import Swarm
internal import Transport
internal import Units

/// The shell around a `DownloadEngine`: tells it what happens and does what it says, until every piece of the blob is in
/// the cache, proven. Agents and relays run the same one.
actor BlobDownload: EventLoopActor {
    static let tick = TimeAmount.milliseconds(100)

    /// How a download ends; that one which was complete goes on, because control has revoked hashes; or that the cache has
    /// taken the blob away.
    enum Outcome: Sendable { case complete, failed(String), revoked, evicted }

    nonisolated let runtime: NodeRuntime
    /// It runs on an event loop, as its peers' connections do: what they bring costs no change of thread.
    nonisolated let loop: any EventLoop
    let blob: ActiveBlob
    var plan: DownloadPlan
    var engine: DownloadEngine
    var assembly: PieceAssembly
    var reports = PeerReports()
    var peers: [PeerHandle: PeerRecord] = [:]
    var relays: [SourceID: RelayConnection] = [:]
    var relaySources: [String: SourceID] = [:]
    var origin: OriginFetcher?
    var originCount: UInt64 = 0
    var fetches: [Fetch: (number: UInt64, task: Task<Void, Never>)] = [:]
    var fetchCount: UInt64 = 0
    var network = NetworkProbe()
    /// When HTTP samples began, by the piece they fetch.
    var samples: [Fetch: BootTime] = [:]
    private var assistText = ""
    private var assistSwitches: UInt32 = 0
    /// Begun once more than ended.
    private var isAssisting: Bool { !assistSwitches.isMultiple(of: 2) }
    private var nextLook = BootTime.zero
    private var running: [Task<Void, Never>] = []
    private(set) var isOver = false
    private var isComplete = false
    /// The epoch under which the engine's pieces are proven.
    var knownEpoch: Epoch
    /// Makes withdrawals last; what is stored after them waits for it.
    var recording: Task<Void, Never>?
    private var isFollowingBatches = false
    private var telling: Task<Void, Never>?
    private(set) var isStopped = false
    private var ticks: RepeatedTask?
    private let tell: @Sendable (Outcome) async -> Void

    /// Addresses that gave no connection, and when to try again.
    var dials: DialBackoff
    /// A peer of the swarm.
    struct PeerRecord {
        /// Where it can be reached, as far as is known; reports name it so.
        var address: String
        let isRelay: Bool
        let joined: BootTime
        /// Whether it was told that we want something of it.
        var isInteresting = false
    }

    /// One HTTP fetch under way.
    struct Fetch: Hashable {
        let source: SourceID
        let piece: PieceIndex
    }

    /// `tell` is called at the end, and again where a revocation makes it go on and it ends anew; in order.
    init(
        of blob: ActiveBlob,
        plan: DownloadPlan,
        runtime: NodeRuntime,
        tell: @escaping @Sendable (Outcome) async -> Void
    ) {
        self.runtime = runtime
        loop = runtime.session.group.next()
        self.blob = blob
        self.plan = plan
        self.tell = tell
        self.knownEpoch = blob.epoch
        self.engine = DownloadEngine(
            geometry: blob.geometry,
            verified: blob.cache.available,
            policy: plan.policy,
            seed: runtime.seeds.next(),
            at: BootClock.now()
        )
        self.assembly = PieceAssembly(geometry: blob.geometry)
        self.dials = DialBackoff(seed: runtime.seeds.next())
    }

    // MARK: Life

    func start() {
        if let most = plan.maximumPeers { blob.swarm.limitPeers(to: most) }
        var actions: [DownloadAction] = []
        engine.piecesProvable(blob.provable.pieces, at: BootClock.now(), into: &actions)
        perform(actions)
        addRelays()
        followSwarm()
        followClock()
        running.append(Task { await followCache() })
        fetchBatches()
        running.append(Task { await followPeers() })
        if engine.isComplete { end(.complete) }
    }

    /// Until all hashes are there.
    func fetchBatches() {
        guard !isFollowingBatches, !isStopped else { return }
        isFollowingBatches = true
        running.append(
            Task {
                await followBatches()
                isFollowingBatches = false
            }
        )
    }

    func stop() async {
        isOver = true
        isStopped = true
        ticks?.cancel()
        for task in running { task.cancel() }
        for fetch in fetches.values { fetch.task.cancel() }
        for relay in relays.values { await relay.close() }
        origin?.stop()
    }

    /// Relays may have moved, or more have come; and other limits may hold. When assist begins stays as it was.
    func planChanged(to plan: DownloadPlan) {
        self.plan = plan
        if let most = plan.maximumPeers { blob.swarm.limitPeers(to: most) }
        followSchedule(BootClock.now())
        if !isOver { addRelays() }
    }

    var progress: DownloadProgress {
        DownloadProgress(
            verifiedBytes: engine.verifiedBytes,
            totals: engine.totals,
            rate: isOver ? .zero : engine.rate,
            epoch: knownEpoch,
            assist: assistText,
            assistSwitches: assistSwitches,
            isAssisting: isAssisting && !isOver,
            network: network.found(at: BootClock.now()),
            reports: reports.all
        )
    }

    /// Those of the pieces that no connected peer has, or that nobody has vouched for, so that only the origin helps.
    func unoffered(of pieces: [PieceIndex]) -> [PieceIndex] {
        let provable = blob.provable
        return pieces.filter { !engine.isOffered($0) || !provable.contains($0) }
    }

    private func addRelays() {
        for endpoint in plan.relays where relaySources[endpoint.address] == nil {
            let credentials = runtime.link.endpoint.credentials
            guard let connection = RelayConnection(to: endpoint, credentials: credentials) else { continue }
            let id = SourceID(rawValue: UInt64(relaySources.count) * 2 + 1)
            relaySources[endpoint.address] = id
            relays[id] = connection
            if plan.usesBitTorrent { connect(to: endpoint) }
            var actions: [DownloadAction] = []
            engine.sourceAdded(
                id,
                .relayHTTP,
                has: PieceSet(full: blob.geometry.pieceCount),
                isChoked: false,
                at: BootClock.now(),
                into: &actions
            )
            let own = runtime.session.site
            if plan.prefersOwnSite, !endpoint.site.isEmpty, !own.isEmpty, endpoint.site != own {
                engine.sourceIsFar(id, at: BootClock.now())
            }
            perform(actions)
        }
    }

    func connect(to endpoint: Endpoint) {
        guard let (host, port) = endpoint.hostAndPort,
            let address = try? SocketAddress.makeAddressResolvingHost(host, port: port)
        else { return }
        let kind = NodeID(endpoint.node).map { PeerKind.relay($0) } ?? .unknown
        network.dialled(at: BootClock.now())
        blob.swarm.connect(to: address, kind: kind)
    }

    /// Several times a second what the engine has to do; after the end once a second what still changes.
    private func followClock() {
        ticks?.cancel()
        let tick = isOver ? TimeAmount.seconds(1) : Self.tick
        ticks = loop.scheduleRepeatedTask(initialDelay: isOver ? tick : .zero, delay: tick) { [weak self] _ in
            self?.assumeIsolated { $0.ticked() }
        }
    }

    private func ticked() {
        let now = BootClock.now()
        if now >= nextLook {
            nextLook = now + .seconds(1)
            followSchedule(now)
        }
        var actions: [DownloadAction] = []
        followEpoch(now, &actions)
        engine.tick(at: now, into: &actions)
        perform(actions)
        probeNetwork(now)
    }

    /// The time of the day may bring other limits, also for those who only share.
    private func followSchedule(_ now: BootTime) {
        let allowance = plan.allowance(atUnixSeconds: runtime.clock.milliseconds() / 1000)
        if !isOver { engine.rateLimited(to: allowance.down, at: now) }
        blob.swarm.uploadShaper.limit(to: allowance.up)
    }

    /// Others bring pieces of the same blob too: another delivery, or this relay's own pull.
    private func followCache() async {
        for await piece in blob.cache.newPieces() {
            // It may have been withdrawn since it was announced; and what is over may go on after a revocation.
            guard !isOver, blob.cache.hashes(of: piece) != nil else { continue }
            var actions: [DownloadAction] = []
            engine.pieceVerified(piece, at: BootClock.now(), into: &actions)
            assembly.discard(piece)
            perform(actions)
        }
        if !isStopped, blob.cache.isRemoved { tellInOrder(.evicted) }
    }

    // MARK: Actions

    func perform(_ actions: [DownloadAction]) {
        for action in actions {
            switch action {
            case .request(let source, let blocks): blob.swarm.request(blocks, from: handle(source))
            case .cancel(let source, let blocks): blob.swarm.cancel(blocks, from: handle(source))
            case .fetch(let source, let piece, let range): fetch(source, piece, range)
            case .cancelFetch(let source, let piece): fetches[Fetch(source: source, piece: piece)]?.task.cancel()
            case .verify(let piece): verify(piece)
            case .reprove(let piece): reprove(piece)
            case .discard(let piece): assembly.discard(piece)
            case .startAssist(let reason):
                // It goes on for another reason where what was slow is blocked by now.
                if !isAssisting { assistSwitches += 1 }
                assistText = reason.description
                runtime.logger.info("assist begins: \(reason)")
            case .stopAssist(let end):
                assistSwitches += 1
                runtime.logger.info("assist ends: \(end)")
            case .ban(let source): ban(source)
            case .wantOrigin(let isWanted): wantOrigin(isWanted)
            case .completed: end(.complete)
            }
        }
    }

    /// Peers have even source numbers, HTTP sources odd ones.
    func source(_ peer: PeerHandle) -> SourceID { SourceID(rawValue: peer.rawValue << 1) }

    private func handle(_ source: SourceID) -> PeerHandle { PeerHandle(rawValue: source.rawValue >> 1) }

    private func ban(_ source: SourceID) {
        let peer = handle(source)
        guard source.rawValue & 1 == 0, let record = peers[peer] else { return }
        reports.add(record.address, .badPiece)
        blob.swarm.ban(peer, reason: "it sent a bad piece")
    }

    private func verify(_ piece: PieceIndex) {
        guard let bytes = assembly.take(piece), let expectation = blob.expectation(for: piece) else { return }
        Task {
            await recording?.value
            do throws(PieceCacheError) {
                let hashes = try await blob.cache.store(piece, bytes: bytes, expecting: expectation)
                stored(piece, hashes, bytes)
                assembly.reuse(bytes)
            } catch {
                failed(piece, error, bytes)
            }
        }
    }

    /// `bytes` are what the peers sent.
    func stored(_ piece: PieceIndex, _ hashes: PieceHashes, _ bytes: ByteBuffer? = nil) {
        var actions: [DownloadAction] = []
        let isThere = blob.cache.hashes(of: piece) != nil
        if isThere, blob.expectation(for: piece)?.matches(hashes) == true {
            let fingerprints = engine.isSuspect(piece) ? bytes.map { assembly.fingerprints(piece, $0) } : nil
            engine.pieceVerified(piece, fingerprints: fingerprints ?? [], at: BootClock.now(), into: &actions)
        } else {
            // Its hash was revoked meanwhile, and perhaps it is vouched for again before this was told.
            takeBack([piece], BootClock.now(), &actions)
        }
        perform(actions)
    }

    func failed(_ piece: PieceIndex, _ error: PieceCacheError, _ bytes: ByteBuffer? = nil) {
        guard error.code == .badPiece else { return end(.failed("the piece cache failed: \(error)")) }
        var actions: [DownloadAction] = []
        let fingerprints = bytes.map { assembly.fingerprints(piece, $0) } ?? []
        engine.pieceFailed(piece, fingerprints: fingerprints, at: BootClock.now(), into: &actions)
        perform(actions)
    }

    /// Nothing more is fetched; peers are still served, and followed so that those who lie are reported.
    private func end(_ outcome: Outcome) {
        guard !isOver else { return }
        isOver = true
        if case .complete = outcome { isComplete = true }
        followClock()
        origin?.stop()
        origin = nil
        for fetch in fetches.values { fetch.task.cancel() }
        for peer in peers.keys {
            peers[peer]?.isInteresting = false
            blob.swarm.setInterested(false, peer)
        }
        tellInOrder(outcome)
    }

    /// What was complete is not any more.
    func reopen(_ now: BootTime) {
        guard isOver, isComplete, !isStopped, !blob.cache.available.isFull else { return }
        isOver = false
        isComplete = false
        followSchedule(now)
        followClock()
        addRelays()
        tellInOrder(.revoked)
    }

    private func tellInOrder(_ outcome: Outcome) {
        let before = telling
        telling = Task {
            await before?.value
            await tell(outcome)
        }
    }
}
