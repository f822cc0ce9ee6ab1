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
    private let store: any ControlStore
    private let epoch: Epoch
    private let terms: LeaseTerms
    private let logger: Logger
    private var books: [OriginID: LeaseBook] = [:]
    private var outboxes: [NodeID: NodeOutbox] = [:]

    init(store: any ControlStore, epoch: Epoch, leaseDuration: Duration, logger: Logger) {
        self.store = store
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
        await perform(actions, at: id)
    }

    private func perform(_ actions: [LeaseAction], at id: OriginID) async {
        for action in actions {
            switch action {
            case .persist(let reserve):
                do {
                    try await store.saveLeaseState(
                        LeaseStateRecord(origin: id, epoch: epoch, reserve: reserve.encoded)
                    )
                } catch {
                    // What is not durable is not granted.
                    logger.error("the lease reserve of \(id) cannot be kept; granting nothing: \(error)")
                    return
                }
            case .send(let node, let grant):
                logger.debug("a lease at \(id) for \(node)", metadata: ["amounts": "\(grant.amounts)"])
                outboxes[node]?.send(.leaseGrant(LeaseGrant(grant, origin: id)))
            }
        }
    }

    /// Bytes taken from an origin; each message counts once, and is acknowledged when it is stored.
    func usageArrived(_ usage: OriginUsage, from node: NodeID) async throws {
        guard let origin = OriginID(usage.origin), let distribution = DistributionID(usage.distribution) else { return }
        try await store.addUsage(
            UsageEntry(
                origin: origin,
                node: node,
                distribution: distribution,
                reason: usage.reason == .relayPull ? .relayPull : .assist,
                sequence: usage.sequence,
                bytes: ByteCount(rawValue: usage.bytes)
            )
        )
        var ack = UsageAck()
        ack.sequence = usage.sequence
        outboxes[node]?.send(.usageAck(ack))
    }
}
