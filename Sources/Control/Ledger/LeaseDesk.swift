internal import Leases
internal import Logging
internal import RPC
internal import SluiceAPI
internal import Store
internal import Transport
internal import Units

/// Grants leases at every origin, and keeps the ledger: a `LeaseBook` for each origin, made durable before a grant
/// leaves.
actor LeaseDesk {
    private struct Outgoing {
        var actions: [LeaseAction] = []
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    /// Bytes that one message can tell of: an exbibyte.
    private static let mostBytes: UInt64 = 1 << 60

    private let store: any ControlStore
    private let save: @Sendable (LeaseStateRecord) async throws -> Void
    private let epoch: Epoch
    private let terms: LeaseTerms
    private let logger: Logger
    private var books: [OriginID: LeaseBook] = [:]
    private var outboxes: [NodeID: NodeOutbox] = [:]
    /// What is to be made durable and then sent, in order, and who waits for it.
    private var outgoing: [OriginID: Outgoing] = [:]
    private var performing: Set<OriginID> = []
    /// Origins whose pause somebody waits for the end of.
    private var pausing: Set<OriginID> = []

    /// `save` makes a reserve durable: what the store does, unless a test stands between.
    init(
        store: any ControlStore,
        epoch: Epoch,
        leaseDuration: Duration,
        logger: Logger,
        save: (@Sendable (LeaseStateRecord) async throws -> Void)? = nil
    ) {
        self.store = store
        self.save = save ?? { try await store.saveLeaseState($0) }
        self.epoch = epoch
        self.terms = LeaseTerms(duration: leaseDuration)
        self.logger = logger
    }

    /// How often nodes send heartbeats.
    nonisolated var heartbeatInterval: Duration { terms.heartbeatInterval }

    /// Starts with what is on disk reserved.
    func load() async throws {
        let now = BootClock.now()
        for record in try await store.allOrigins() {
            let origin = try Origin(encoded: record.payload)
            let kept = try await store.leaseState(of: record.id)
            let reserve = kept.flatMap { LeaseReserve(encoded: $0.reserve) } ?? LeaseReserve()
            books[record.id] = LeaseBook(
                limit: OriginLimit(origin.limits ?? OriginLimits()),
                terms: terms,
                epoch: epoch,
                reserve: reserve,
                at: now
            )
        }
    }

    // MARK: Origins

    /// A new or changed limit; those who hold leases there are told at once.
    func originChanged(_ id: OriginID, limits: OriginLimits) async {
        let limit = OriginLimit(limits)
        if books[id] != nil {
            var actions: [LeaseAction] = []
            books[id]?.limitChanged(to: limit, at: BootClock.now(), into: &actions)
            await perform(actions, at: id)
        } else {
            books[id] = LeaseBook(
                limit: limit,
                terms: terms,
                epoch: epoch,
                reserve: LeaseReserve(),
                at: BootClock.now()
            )
        }
    }

    func originRemoved(_ id: OriginID) { books.removeValue(forKey: id) }

    /// What is granted at an origin now, for display.
    func granted(at id: OriginID) -> LeaseAmount {
        let amounts = books[id]?.granted(at: BootClock.now()) ?? .none
        var message = LeaseAmount()
        message.connections = amounts.connections
        message.bytesPerSecond = amounts.rate == .max ? 0 : amounts.rate
        return message
    }

    // MARK: Nodes

    func connected(_ node: NodeID, _ outbox: NodeOutbox) { outboxes[node] = outbox }

    func disconnected(_ node: NodeID, session: UInt64) {
        if outboxes[node]?.session == session { outboxes.removeValue(forKey: node) }
    }

    func heartbeatArrived(_ message: LeaseHeartbeat, from node: NodeID) async {
        guard let id = OriginID(message.origin), books[id] != nil else { return }
        var actions: [LeaseAction] = []
        books[id]?.heartbeatArrived(
            HolderHeartbeat(message),
            from: node,
            at: BootClock.now(),
            into: &actions
        )
        if message.originPause != nil { awaitEndOfPause(at: id, saidBy: node) }
        await perform(actions, at: id)
    }

    /// Those who wait are told when the pause is over, however often it becomes longer.
    private func awaitEndOfPause(at id: OriginID, saidBy node: NodeID) {
        let now = BootClock.now()
        guard let ends = books[id]?.pauseEnds, ends > now, pausing.insert(id).inserted else { return }
        let seconds = (ends - now).seconds
        logger.notice("the origin \(id) asks \(node) for a pause of \(seconds) s: every node keeps it")
        Task { [weak self] in
            while let left = await self?.pauseLeft(at: id) { try? await Task.sleep(for: left) }
        }
    }

    /// How long a pause still lasts; nil where it is over, and then told.
    private func pauseLeft(at id: OriginID) async -> Duration? {
        let now = BootClock.now()
        if let ends = books[id]?.pauseEnds, ends > now { return ends - now }
        pausing.remove(id)
        var actions: [LeaseAction] = []
        books[id]?.pauseEnded(at: now, into: &actions)
        await perform(actions, at: id)
        return nil
    }

    /// Makes durable what has to be, then sends, each after what came before it: a grant that needs no more reserve than one
    /// before it must not overtake the writing of that. What has come together is written once. Returns when it is done.
    private func perform(_ actions: [LeaseAction], at id: OriginID) async {
        guard !actions.isEmpty else { return }
        outgoing[id, default: Outgoing()].actions += actions
        guard performing.insert(id).inserted else {
            // Whoever is at it takes these, too.
            return await withCheckedContinuation { outgoing[id]?.waiting.append($0) }
        }
        while let batch = outgoing.removeValue(forKey: id) {
            if await makeDurable(batch.actions, at: id) { send(batch.actions, at: id) }
            for waiter in batch.waiting { waiter.resume() }
        }
        performing.remove(id)
    }

    /// Each reserve covers all that was granted before it: the last is enough. False where it could not be kept; then what
    /// waits is dropped, too.
    private func makeDurable(_ actions: [LeaseAction], at id: OriginID) async -> Bool {
        let reserves = actions.compactMap { if case .persist(let reserve) = $0 { reserve } else { nil } }
        guard let reserve = reserves.last else { return true }
        do {
            try await save(LeaseStateRecord(origin: id, epoch: epoch, reserve: reserve.encoded))
            return true
        } catch {
            // What is not durable is not granted, nor what was granted meanwhile in the belief that it is.
            outgoing[id]?.actions = []
            logger.error("the lease reserve of \(id) cannot be kept; granting nothing: \(error)")
            books[id]?.reserveLost()
            return false
        }
    }

    private func send(_ actions: [LeaseAction], at id: OriginID) {
        for case .send(let node, let grant) in actions {
            logger.debug("a lease at \(id) for \(node)", metadata: ["amounts": "\(grant.amounts)"])
            outboxes[node]?.send(.leaseGrant(LeaseGrant(grant, origin: id)))
        }
    }

    /// Bytes taken from an origin; each message counts once, and is acknowledged when it is stored. What it says of
    /// others' orders and origins goes nowhere, and is not repeated either.
    func usageArrived(_ usage: OriginUsage, from node: NodeID) async throws {
        guard let origin = OriginID(usage.origin), let distribution = DistributionID(usage.distribution) else { return }
        if try await store.mayUse(origin, node: node, for: distribution) {
            try await store.addUsage(
                UsageEntry(
                    origin: origin,
                    node: node,
                    distribution: distribution,
                    reason: usage.reason == .relayPull ? .relayPull : .assist,
                    sequence: usage.sequence,
                    bytes: ByteCount(rawValue: min(usage.bytes, Self.mostBytes))
                )
            )
        } else {
            logger.warning("\(node) tells of bytes from \(origin) for \(distribution), which gave it no task there")
        }
        var ack = UsageAck()
        ack.sequence = usage.sequence
        outboxes[node]?.send(.usageAck(ack))
    }
}
