package import Units

/// The granter of one origin: who may use how much of it until when (leases.md, level 2).
///
/// A holder's share counts as the largest of the grants it may still believe in: those newer than or equal to the last
/// it has acknowledged, until they have certainly ended. Growth counts before it is sent; shrinking counts when it is
/// acknowledged or has ended. After a restart everything that may have been handed out is reserved until it has ended;
/// holders that speak up take their part of it over at once.
///
/// Bad events: ours, none; the peer's, a heartbeat that is not newer than the last is ignored (legal noise of an
/// at-least-once stream).
package struct LeaseBook: Sendable {
    /// Holders of one origin at most; one more is not granted anything.
    package static let maximumHolders = 1_000_000

    /// Grants of one holder that are kept apart; older ones are taken together, as large and as long as any of them.
    private static let maximumGrants = 16

    /// Up to how many holders hear of a changed limit at once.
    package static let holdersToldAtOnce = 1_000

    private struct Grant: Sendable {
        let counter: UInt64
        let amounts: LeaseAmounts
        let ends: BootTime
    }

    private struct Holder: Sendable {
        var sequence: UInt64 = 0
        var heardAt: BootTime
        var wants = LeaseAmounts.none
        var wantsBytes: UInt64 = 0
        var weight: UInt64 = 100
        var grants: [Grant] = []
        var chunks: [UInt64: (buckets: [Int64], bytes: UInt64)] = [:]

        func held(_ now: BootTime) -> LeaseAmounts {
            grants.reduce(.none) { $1.ends > now ? .larger($0, $1.amounts) : $0 }
        }

        /// One that counts for at least as much and as long as the two oldest: it goes when the newer of them would.
        mutating func joinOldest() {
            let (first, second) = (grants[0], grants[1])
            let joined = Grant(
                counter: max(first.counter, second.counter),
                amounts: .larger(first.amounts, second.amounts),
                ends: max(first.ends, second.ends)
            )
            grants.replaceSubrange(0..<2, with: [joined])
        }
    }

    package private(set) var limit: OriginLimit
    private let terms: LeaseTerms
    private let epoch: Epoch
    private var counter: UInt64 = 0
    /// Begins with the epoch: a chunk of an earlier run that is reported unused must not be taken for one of ours.
    private var nextChunk: UInt64
    private var holders: [NodeID: Holder] = [:]
    private var reserved: LeaseAmounts
    private var reservedUntil: BootTime
    private var durable: LeaseAmounts
    private var windows: [ByteWindow]
    private var throttledUntil: BootTime?

    /// `reserve` is what an earlier run made durable; `now` starts its certain end. Another boot's clock says nothing about
    /// when its windows were charged, so all of it counts as charged now.
    package init(limit: OriginLimit, terms: LeaseTerms, epoch: Epoch, reserve: LeaseReserve, at now: BootTime) {
        self.limit = limit
        self.terms = terms
        self.epoch = epoch
        self.nextChunk = epoch.rawValue << 32 | 1
        self.reserved = reserve.amounts
        self.durable = reserve.amounts
        self.reservedUntil = now + terms.granterSpan
        self.windows = limit.windows.enumerated().map { index, window in
            ByteWindow(limit: window, charged: index < reserve.windows.count ? reserve.windows[index] : [:], at: now)
        }
    }

    /// What holders may use at this instant, for display.
    package func granted(at now: BootTime) -> LeaseAmounts {
        holders.values.reduce(.none) { $0 + $1.held(now) }
    }

    // MARK: Events

    package mutating func heartbeatArrived(
        _ heartbeat: HolderHeartbeat,
        from node: NodeID,
        at now: BootTime,
        into actions: inout [LeaseAction]
    ) {
        expire(now)
        var holder = holders[node] ?? Holder(heardAt: now)
        guard heartbeat.sequence > holder.sequence, holders[node] != nil || holders.count < Self.maximumHolders else {
            return
        }
        holder.sequence = heartbeat.sequence
        holder.heardAt = now
        holder.wants = heartbeat.wants
        holder.wantsBytes = heartbeat.wantsBytes
        holder.weight = UInt64(heartbeat.weight)
        if let applied = heartbeat.applied, applied.epoch == epoch {
            holder.grants.removeAll { $0.counter < applied.counter }
        } else {
            takeOverClaim(heartbeat.holds, &holder, now)
        }
        credit(heartbeat.returns, &holder)
        holders[node] = holder
        grant(to: node, at: now, into: &actions)
    }

    /// The operator has changed what the origin can bear; what is out drains as it is acknowledged or ends.
    package mutating func limitChanged(to limit: OriginLimit, at now: BootTime, into actions: inout [LeaseAction]) {
        if limit.windows != self.limit.windows {
            windows = limit.windows.map { new in windows.first { $0.limit == new } ?? ByteWindow(limit: new) }
        }
        self.limit = limit
        expire(now)
        // A share costs a look at every holder; very many learn of it with their next heartbeats.
        guard holders.count <= Self.holdersToldAtOnce else { return }
        for node in holders.keys.sorted() { grant(to: node, at: now, into: &actions) }
    }

    /// The origin has answered 429 or 503: nothing new for anybody until then.
    package mutating func throttled(for pause: Duration, at now: BootTime) {
        let until = now + min(pause, .seconds(3600))
        throttledUntil = max(throttledUntil ?? until, until)
    }

    // MARK: Decisions

    private mutating func expire(_ now: BootTime) {
        if now >= reservedUntil { reserved = .none }
        if let until = throttledUntil, now >= until { throttledUntil = nil }
        // A holder that has been silent for a whole lease holds nothing any more.
        for (node, holder) in holders where now - holder.heardAt > terms.granterSpan {
            if holder.held(now) == .none { holders.removeValue(forKey: node) }
        }
        for node in holders.keys { holders[node]?.grants.removeAll { $0.ends <= now } }
    }

    /// A holder of an earlier epoch takes its part out of the reserve.
    private mutating func takeOverClaim(_ claim: LeaseAmounts, _ holder: inout Holder, _ now: BootTime) {
        let taken = LeaseAmounts.smaller(claim, reserved)
        guard holder.grants.isEmpty, taken != .none else { return }
        reserved = reserved - taken
        holder.grants.append(Grant(counter: 0, amounts: taken, ends: now + terms.granterSpan))
    }

    private mutating func credit(_ returns: [UInt64: UInt64], _ holder: inout Holder) {
        for (id, unused) in returns {
            guard let chunk = holder.chunks.removeValue(forKey: id), unused <= chunk.bytes else { continue }
            for (index, bucket) in chunk.buckets.enumerated() where index < windows.count {
                windows[index].credit(unused, to: bucket)
            }
        }
    }

    /// What each holder that wants something should have, were all free.
    private func target(of node: NodeID, at now: BootTime) -> LeaseAmounts {
        let slice = now.nanoseconds / max(1, terms.duration.nanoseconds)
        let wanting = holders.filter { $0.value.wants.connections > 0 }.sorted { $0.key < $1.key }
        guard let place = wanting.firstIndex(where: { $0.key == node }) else { return .none }
        let connections = shares(wanting.map(\.value), of: limit.connections.map(UInt64.init), slice) {
            UInt64($0.wants.connections)
        }
        // Rate goes to those who have connections to use it.
        let rates = shares(wanting.map(\.value), of: limit.rate, slice, where: { connections[$0] > 0 }) {
            $0.wants.rate
        }
        return LeaseAmounts(connections: UInt32(clamping: connections[place]), rate: rates[place])
    }

    private func shares(
        _ holders: [Holder],
        of total: UInt64?,
        _ slice: Int64,
        where isServed: (Int) -> Bool = { _ in true },
        _ wants: (Holder) -> UInt64
    ) -> [UInt64] {
        guard let total else { return holders.indices.map { isServed($0) ? wants(holders[$0]) : 0 } }
        return FairShare.shares(
            of: total,
            among: holders.indices.map { index in
                let turn = UInt64(truncatingIfNeeded: Int64(index) &+ slice) % UInt64(max(1, holders.count))
                return FairShare.Claim(
                    wants: isServed(index) ? wants(holders[index]) : 0,
                    weight: holders[index].weight,
                    turn: turn
                )
            }
        )
    }

    private mutating func grant(to node: NodeID, at now: BootTime, into actions: inout [LeaseAction]) {
        guard var holder = holders[node] else { return }
        let others = holders.reduce(LeaseAmounts.none) { $1.key == node ? $0 : $0 + $1.value.held(now) }
        var free = limit.amounts - others - reserved
        // Where there is no limit, nothing that others hold takes from it.
        if limit.connections == nil { free.connections = .max }
        if limit.rate == nil { free.rate = .max }
        var amounts = LeaseAmounts.smaller(target(of: node, at: now), free)
        // A connection without a rate, or a rate without a connection, is of no use.
        if amounts.connections == 0 || amounts.rate == 0 { amounts = .none }
        let held = holder.held(now)
        if throttledUntil != nil { amounts = .smaller(amounts, held) }
        counter += 1
        let chunk = amounts == .none ? nil : chunk(for: &holder, at: now)
        holder.grants.append(Grant(counter: counter, amounts: amounts, ends: now + terms.granterSpan))
        if holder.grants.count > Self.maximumGrants { holder.joinOldest() }
        holders[node] = holder
        if chunk != nil || !Self.covers(durable, granted(at: now)) {
            durable = amountsToKeep(at: now)
            actions.append(.persist(LeaseReserve(amounts: durable, windows: windows.map(\.charges))))
        }
        actions.append(
            .send(
                node,
                GrantedLease(
                    generation: LeaseGenerationNumber(epoch: epoch, counter: counter),
                    sequence: holder.sequence,
                    duration: terms.duration,
                    amounts: amounts,
                    needsChunks: !windows.isEmpty,
                    chunk: chunk
                )
            )
        )
        checkInvariants(at: now)
    }

    /// What was to be made durable could not be: the next grant has it made so again.
    package mutating func reserveLost() { durable = .none }

    /// The whole limit at once, or where there is none twice what is out: a few writes, not one a grant. After a limit was
    /// lowered more than it may still be out.
    private func amountsToKeep(at now: BootTime) -> LeaseAmounts {
        // What an earlier run handed out may still be in use, and outlast another restart.
        let granted = granted(at: now) + reserved
        let whole = LeaseAmounts(
            connections: limit.connections ?? (granted + granted).connections,
            rate: limit.rate ?? (granted + granted).rate
        )
        return .larger(whole, granted)
    }

    private static func covers(_ durable: LeaseAmounts, _ granted: LeaseAmounts) -> Bool {
        granted.connections <= durable.connections && granted.rate <= durable.rate
    }

    /// Bytes out of every window at once: half of an even share of what is left, at most what is wanted.
    private mutating func chunk(for holder: inout Holder, at now: BootTime) -> GrantedChunk? {
        guard !windows.isEmpty, holder.wantsBytes > 0 else { return nil }
        let active = UInt64(max(1, holders.values.count { $0.wants.connections > 0 }))
        var bytes = holder.wantsBytes
        for index in windows.indices {
            let remaining = windows[index].remaining(at: now)
            // Near the limit nothing new is given (DESIGN.md section 7).
            guard remaining > windows[index].limit.bytes / 20 else { return nil }
            bytes = min(bytes, max(remaining / (2 * active), 1))
        }
        var buckets: [Int64] = []
        for index in windows.indices {
            guard let bucket = windows[index].charge(bytes, at: now) else { return nil }
            buckets.append(bucket)
        }
        let id = nextChunk
        nextChunk += 1
        holder.chunks[id] = (buckets, bytes)
        if holder.chunks.count > 256, let oldest = holder.chunks.keys.min() {
            holder.chunks.removeValue(forKey: oldest)
        }
        let usable = windows.map(\.bucketLength).min() ?? .zero
        return GrantedChunk(id: id, bytes: bytes, usableFor: usable)
    }

    /// I2: what holders may use and what is reserved fits the limit, unless the limit was lowered under them.
    package func checkInvariants(at now: BootTime) {
        assert(holders.values.allSatisfy { $0.grants.count <= Self.maximumGrants }, "grants of one holder pile up")
        for window in windows {
            assert(window.charges.values.reduce(0, +) <= window.limit.bytes, "a window is over its limit")
        }
    }

    /// Held and reserved in sum, for the invariant checks of tests.
    package func heldAndReserved(at now: BootTime) -> LeaseAmounts {
        granted(at: now) + (now < reservedUntil ? reserved : .none)
    }
}
