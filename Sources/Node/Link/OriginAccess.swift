internal import Leases
internal import SluiceAPI
internal import Synchronization
internal import Transport
internal import Units

/// This node's leases at origins: nothing here touches an origin without one (DESIGN.md section 7).
final class OriginAccess: Sendable {
    private struct Origin {
        var holder: LeaseHolder
        var permits: [ObjectIdentifier: OriginPermit] = [:]
        /// Those who wait for a connection.
        var waiting = 0
        /// What wakes them, each by its permit to be.
        var turns: [ObjectIdentifier: CheckedContinuation<Void, Never>] = [:]
        var weight: UInt32 = 100
        var nextHeartbeat: BootTime
        var pausedUntil = BootTime.zero
        /// Control has not been told of the pause yet.
        var isPauseNews = false
    }

    private struct State {
        var origins: [OriginID: Origin] = [:]
        var terms = LeaseTerms(duration: .seconds(30))
        var granter: Epoch?
        var totals: [OriginAccount: ByteCount] = [:]
        var usage: UsageReports
    }

    private static let tick = Duration.milliseconds(20)
    private static let idleTick = Duration.milliseconds(500)
    /// How long a connection that was closed may be wanted again before others get it.
    private static let idlePatience = Duration.seconds(1)
    /// Connections one node wants of one origin at most.
    private static let maximumConnections: UInt32 = 16

    private let send: @Sendable (ConnectRequest.Message) -> Void
    private let state: Mutex<State>

    /// `send` passes heartbeats and usage on to control.
    init(send: @escaping @Sendable (ConnectRequest.Message) -> Void) {
        self.send = send
        self.state = Mutex(State(usage: UsageReports(firstSequence: StatusSequence.now())))
    }

    /// Keeps the leases up until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            step()
            try? await Task.sleep(for: isIdle ? Self.idleTick : Self.tick)
        }
    }

    /// No origin is in use or asked for, and all is told.
    private var isIdle: Bool {
        state.withLock { state in
            state.usage.isEmpty
                && state.origins.values.allSatisfy {
                    $0.permits.isEmpty && $0.waiting == 0 && !$0.holder.holdsAnything
                }
        }
    }

    /// Waits for a connection slot. Cancelled, it throws `CancellationError`.
    func permit(
        at origin: OriginID,
        use: OriginUse,
        for distribution: String,
        weight: UInt32
    ) async throws -> OriginPermit {
        let account = OriginAccount(origin: origin, distribution: distribution, use: use)
        let permit = OriginPermit(access: self, account: account)
        change(origin) { entry, now in
            entry.waiting += 1
            entry.weight = max(1, weight)
            entry.nextHeartbeat = min(entry.nextHeartbeat, now)
        }
        defer { change(origin) { entry, _ in entry.waiting -= 1 } }
        step()
        while true {
            try Task.checkCancellation()
            if await hasOpened(permit, at: origin) { return permit }
        }
    }

    /// Whether the permit got its slot; where there is none, answers as soon as there may be one.
    private func hasOpened(_ permit: OriginPermit, at origin: OriginID) async -> Bool {
        let id = ObjectIdentifier(permit)
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = change(origin) { entry, now in
                    if now >= entry.pausedUntil, entry.holder.openConnection(at: now) {
                        entry.permits[id] = permit
                        return true
                    }
                    // Cancelled before: nobody would wake it.
                    if Task.isCancelled { return true }
                    entry.turns[id] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            change(origin) { entry, _ in entry.turns.removeValue(forKey: id) }?.resume()
        }
        return change(origin) { entry, _ in entry.permits[id] != nil }
    }

    /// Those who wait for a slot look again.
    private func wake(at origin: OriginID) {
        let turns = change(origin) { entry, _ in
            defer { entry.turns = [:] }
            return entry.turns.values
        }
        for turn in turns { turn.resume() }
    }

    // MARK: Events

    /// The stream to control is up: everything is said again at once.
    func streamOpened(heartbeatInterval: Duration, granter: Epoch?) {
        state.withLock { state in
            state.granter = granter
            if let granter {
                for origin in state.origins.keys { state.origins[origin]?.holder.granterKnown(granter) }
            }
            let duration = min(max(heartbeatInterval * 3, .seconds(1)), .seconds(3600))
            state.terms = LeaseTerms(duration: duration)
            let now = BootClock.now()
            for origin in state.origins.keys { state.origins[origin]?.nextHeartbeat = now }
            state.usage.streamOpened()
        }
    }

    func grantArrived(_ message: LeaseGrant) {
        guard let origin = OriginID(message.origin), let grant = GrantedLease(message) else { return }
        change(origin) { entry, now in
            // A shrink that is applied already frees capacity for others: say so at once.
            if entry.holder.grantArrived(grant, at: now) { entry.nextHeartbeat = now }
        }
        wake(at: origin)
    }

    func usageStored(_ ack: UsageAck) { state.withLock { $0.usage.acknowledged(ack.sequence) } }

    /// The origin asked for a pause (429, 503): this node keeps it, and control hears of it for all others.
    func throttled(at origin: OriginID, for pause: Duration) {
        change(origin) { entry, now in
            entry.pausedUntil = max(entry.pausedUntil, now + min(pause, .seconds(3600)))
            entry.isPauseNews = true
            entry.nextHeartbeat = now
        }
        step()
    }

    // MARK: For permits

    func shouldGiveUp(at origin: OriginID) -> Bool {
        change(origin) { entry, now in now < entry.pausedUntil || entry.holder.shouldGiveUpConnection }
    }

    func takeBytes(upTo wanted: ByteCount, atLeast least: ByteCount, at origin: OriginID) -> ByteCount {
        change(origin) { entry, now in
            let granted = entry.holder.takeBytes(upTo: wanted, atLeast: least, at: now)
            if granted == .zero, entry.holder.lacksChunk {
                entry.nextHeartbeat = min(entry.nextHeartbeat, now + .milliseconds(100))
            }
            return granted
        }
    }

    func used(_ bytes: ByteCount, by account: OriginAccount) {
        state.withLock { state in
            state.usage.add(bytes, by: account)
            state.totals[account, default: .zero] += bytes
        }
    }

    func released(_ permit: OriginPermit, at origin: OriginID) {
        change(origin) { entry, now in
            guard entry.permits.removeValue(forKey: ObjectIdentifier(permit)) != nil else { return }
            let isNews = entry.holder.connectionClosed()
            entry.nextHeartbeat = isNews ? now : min(entry.nextHeartbeat, now + Self.idlePatience)
        }
        wake(at: origin)
    }

    /// Bytes taken in this run for one distribution.
    func total(at origin: OriginID, for distribution: String) -> ByteCount {
        state.withLock { state in
            state.totals.filter { $0.key.origin == origin && $0.key.distribution == distribution }
                .values.reduce(.zero, +)
        }
    }

    // MARK: Private

    @discardableResult
    private func change<Value: Sendable>(_ origin: OriginID, _ body: (inout Origin, BootTime) -> Value) -> Value {
        state.withLock { state in
            let now = BootClock.now()
            var entry = state.origins[origin] ?? Self.newOrigin(state, now)
            defer { state.origins[origin] = entry }
            return body(&entry, now)
        }
    }

    private static func newOrigin(_ state: State, _ now: BootTime) -> Origin {
        var holder = LeaseHolder(terms: state.terms, firstSequence: StatusSequence.now(), at: now)
        if let granter = state.granter { holder.granterKnown(granter) }
        return Origin(holder: holder, nextHeartbeat: now)
    }

    private func step() {
        let (messages, revoked) = state.withLock { state -> ([ConnectRequest.Message], [OriginPermit]) in
            let now = BootClock.now()
            var messages: [ConnectRequest.Message] = []
            var revoked: [OriginPermit] = []
            for origin in state.origins.keys {
                guard var entry = state.origins[origin] else { continue }
                let excess = Int(entry.holder.connectionsToAbort(at: now))
                revoked += entry.permits.values.filter { !$0.isRevoked }.prefix(excess)
                let isOfUse = entry.waiting > 0 || !entry.permits.isEmpty || entry.holder.holdsAnything
                if now >= entry.nextHeartbeat, isOfUse || entry.isPauseNews {
                    messages.append(.leaseHeartbeat(Self.heartbeat(origin, &entry, now)))
                    entry.nextHeartbeat = now + state.terms.heartbeatInterval
                }
                state.origins[origin] = entry
            }
            messages += state.usage.due(at: now).map { .originUsage($0) }
            return (messages, revoked)
        }
        // A pause may be over.
        for origin in state.withLock({ Array($0.origins.keys) }) { wake(at: origin) }
        for permit in revoked { permit.revoke() }
        for message in messages { send(message) }
    }

    private static func heartbeat(_ origin: OriginID, _ entry: inout Origin, _ now: BootTime) -> LeaseHeartbeat {
        let wanted = min(UInt32(clamping: entry.waiting + entry.permits.count), maximumConnections)
        entry.isPauseNews = false
        let heartbeat = entry.holder.heartbeatSent(
            wants: LeaseAmounts(connections: wanted, rate: wanted == 0 ? 0 : .max),
            wantsBytes: entry.holder.lacksChunk || !entry.holder.holdsAnything ? 64 << 20 : 0,
            weight: entry.weight,
            pause: max(.zero, entry.pausedUntil - now),
            at: now
        )
        return LeaseHeartbeat(heartbeat, origin: origin)
    }
}
