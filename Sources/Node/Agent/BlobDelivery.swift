internal import BitTorrent
internal import Download
internal import Logging
internal import Manifest
internal import NIOCore
internal import PieceCache
internal import SluiceAPI
internal import Swarm
internal import Transport
internal import Units

/// One assignment: the shell around a `DownloadEngine`. It tells the engine what happens and does what the engine says,
/// and writes the final file once every piece is proven.
actor BlobDelivery {
    static let tick = Duration.milliseconds(100)

    let task: String
    let runtime: NodeRuntime
    let blob: ActiveBlob
    let destination: String
    private(set) var assignment: Assignment
    var engine: DownloadEngine
    var assembly: PieceAssembly
    var reports = DeliveryReports()
    var peers: [PeerHandle: PeerRecord] = [:]
    var relays: [SourceID: RelayConnection] = [:]
    var relaySources: [String: SourceID] = [:]
    var origin: OriginFetcher?
    var originCount: UInt64 = 0
    var fetches: [Fetch: Task<Void, Never>] = [:]
    var assistText = ""
    private var state = TaskState.running
    private var message = ""
    private var sha256 = ""
    private let started = BootClock.now()
    private var ended: BootTime?
    private var running: [Task<Void, Never>] = []
    private var isFinishing = false

    /// A peer of the swarm, as reports name it.
    struct PeerRecord {
        let address: String
        /// Whether it was told that we want something of it.
        var isInteresting = false
    }

    /// One HTTP fetch under way.
    struct Fetch: Hashable {
        let source: SourceID
        let piece: PieceIndex
    }

    init(
        task: String,
        assignment: Assignment,
        blob: ActiveBlob,
        destination: String,
        runtime: NodeRuntime
    ) throws {
        let name = assignment.fileName
        guard !name.isEmpty, name != ".", name != "..", !name.contains("/"), !name.utf8.contains(0) else {
            throw UserError(.invalidArgument, "the file name would leave the destination folder")
        }
        self.task = task
        self.runtime = runtime
        self.blob = blob
        self.destination = "\(destination)/\(name)"
        self.assignment = assignment
        self.engine = DownloadEngine(
            geometry: blob.geometry,
            verified: blob.cache.available,
            policy: AssistPolicy(assignment.config ?? DistributionConfig()),
            seed: UInt64.random(in: .min ... .max),
            at: BootClock.now()
        )
        self.assembly = PieceAssembly(geometry: blob.geometry)
    }

    // MARK: Life

    func start() {
        report()
        guard !engine.isComplete else {
            isFinishing = true
            running.append(Task { await finish() })
            return
        }
        var actions: [DownloadAction] = []
        engine.piecesProvable(blob.provable.pieces, at: BootClock.now(), into: &actions)
        perform(actions)
        addRelays()
        running.append(Task { await followSwarm() })
        running.append(Task { await followClock() })
        running.append(Task { await followCache() })
        running.append(Task { await followBatches() })
        running.append(Task { await followTrackers() })
    }

    func stop() async {
        for task in running { task.cancel() }
        for fetch in fetches.values { fetch.cancel() }
        for relay in relays.values { await relay.close() }
        origin?.stop()
    }

    /// A new revision: relays may have moved, a higher epoch may revoke batches.
    func revised(_ assignment: Assignment) {
        self.assignment = assignment
        _ = blob.raiseEpoch(to: Epoch(rawValue: assignment.epoch))
        guard state == .running, !isFinishing else { return }
        addRelays()
    }

    private func addRelays() {
        let usesBitTorrent = assignment.config?.bittorrentDisabled != true
        for endpoint in assignment.relays where relaySources[endpoint.address] == nil {
            guard let connection = RelayConnection(address: endpoint.address) else { continue }
            let id = SourceID(rawValue: UInt64(relaySources.count) * 2 + 1)
            relaySources[endpoint.address] = id
            relays[id] = connection
            if usesBitTorrent { connect(to: endpoint) }
            var actions: [DownloadAction] = []
            engine.sourceAdded(
                id,
                .relayHTTP,
                has: PieceSet(full: blob.geometry.pieceCount),
                isChoked: false,
                at: BootClock.now(),
                into: &actions
            )
            perform(actions)
        }
    }

    func connect(to endpoint: Endpoint) {
        guard let connection = RelayConnection(address: endpoint.address),
            let address = try? SocketAddress.makeAddressResolvingHost(connection.host, port: connection.port)
        else { return }
        let kind = NodeID(endpoint.node).map { PeerKind.relay($0) } ?? .unknown
        blob.swarm.connect(to: address, kind: kind)
    }

    private func followClock() async {
        var nextReport = BootClock.now()
        while !Task.isCancelled, !isFinishing {
            var actions: [DownloadAction] = []
            engine.tick(at: BootClock.now(), into: &actions)
            perform(actions)
            if BootClock.now() >= nextReport {
                nextReport = BootClock.now() + .milliseconds(250)
                report()
            }
            try? await Task.sleep(for: Self.tick)
        }
    }

    /// Another delivery of the same blob may bring pieces too.
    private func followCache() async {
        for await piece in blob.cache.newPieces() {
            guard !isFinishing else { return }
            var actions: [DownloadAction] = []
            engine.pieceVerified(piece, at: BootClock.now(), into: &actions)
            assembly.discard(piece)
            perform(actions)
        }
    }

    // MARK: Actions

    func perform(_ actions: [DownloadAction]) {
        for action in actions {
            switch action {
            case .request(let source, let blocks): blob.swarm.request(blocks, from: handle(source))
            case .cancel(let source, let blocks): blob.swarm.cancel(blocks, from: handle(source))
            case .fetch(let source, let piece, let range): fetch(source, piece, range)
            case .cancelFetch(let source, let piece): fetches[Fetch(source: source, piece: piece)]?.cancel()
            case .verify(let piece): verify(piece)
            case .discard(let piece): assembly.discard(piece)
            case .startAssist(let reason):
                assistText = reason.description
                runtime.logger.info("assist begins: \(reason)")
            case .stopAssist: runtime.logger.info("assist ends")
            case .ban(let source): ban(source)
            case .wantOrigin(let isWanted): wantOrigin(isWanted)
            case .completed:
                guard !isFinishing else { continue }
                isFinishing = true
                for peer in peers.keys { blob.swarm.setInterested(false, peer) }
                running.append(Task { await finish() })
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
        report()
    }

    private func verify(_ piece: PieceIndex) {
        guard let bytes = assembly.take(piece), let expectation = blob.expectation(for: piece) else { return }
        Task {
            do throws(PieceCacheError) {
                _ = try await blob.cache.store(piece, bytes: bytes, expecting: expectation)
                stored(piece)
            } catch {
                failed(piece, error)
            }
        }
    }

    private func stored(_ piece: PieceIndex) {
        var actions: [DownloadAction] = []
        engine.pieceVerified(piece, at: BootClock.now(), into: &actions)
        perform(actions)
    }

    private func failed(_ piece: PieceIndex, _ error: PieceCacheError) {
        guard error.code == .badPiece else { return fail("the piece cache failed: \(error)") }
        var actions: [DownloadAction] = []
        engine.pieceFailed(piece, at: BootClock.now(), into: &actions)
        perform(actions)
    }

    // MARK: End

    private func finish() async {
        do {
            let digest = try await blob.cache.digest()
            if let expected = SHA256Digest(bytes: assignment.blob?.sha256 ?? []), digest != expected {
                return fail("the file has SHA-256 \(digest), not \(expected) as the publisher says")
            }
            try SmallFile.makeFolder(of: destination)
            try await blob.cache.deliver(to: destination)
            sha256 = digest.hex
            end(.completed, "")
        } catch {
            fail("the file could not be written: \(error)")
        }
    }

    private func fail(_ why: String) {
        isFinishing = true
        end(.failed, why)
    }

    private func end(_ state: TaskState, _ message: String) {
        self.state = state
        self.message = message
        ended = BootClock.now()
        origin?.stop()
        for fetch in fetches.values { fetch.cancel() }
        report()
    }

    func report() {
        var status = TaskStatus()
        status.task = task
        status.state = state
        status.message = message
        status.verifiedBytes = engine.verifiedBytes.rawValue
        var sources = SourceBytes()
        sources.agentPeers = engine.totals.agentPeers.rawValue
        sources.relayPeers = engine.totals.relayPeers.rawValue
        sources.relayHttp = engine.totals.relayHTTP.rawValue
        sources.origin = engine.totals.origin.rawValue
        sources.duplicate = engine.totals.duplicate.rawValue
        status.sources = sources
        status.bytesPerSecond = state == .running ? engine.rate.rawValue : 0
        status.elapsed = ProtoDuration((ended ?? BootClock.now()) - started)
        status.sha256 = sha256
        status.assist = assistText
        status.reports = reports.all
        if let origin = OriginID(assignment.blob?.origin ?? "") {
            status.originBytes = runtime.origins.total(at: origin, for: assignment.distribution).rawValue
        }
        runtime.statuses.report(status)
    }
}
