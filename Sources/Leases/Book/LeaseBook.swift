package import Units

/// The granter of one origin: who may use how much of it until when (leases.md, level 2).
///
/// A holder's share counts as the largest of the grants it may still believe in: those newer than or equal to the last
/// it has acknowledged, until they have certainly ended. Growth counts before it is sent; shrinking counts when it is
/// acknowledged or has ended. After a restart everything that may have been handed out is reserved until it has ended;
/// holders that speak up take their part of it over at once.
///
/// Bad events: ours, none; the peer's, a heartbeat that is not newer than the last, or was made for an earlier granter,
/// is ignored (legal noise of an at-least-once stream).
package struct LeaseBook: Sendable {
    /// Holders of one origin at most; one more is not granted anything.
    package static let maximumHolders = 1_000_000

    /// Up to how many holders hear of a changed limit or a pause at once; others learn of it with their next heartbeats.
    package static let holdersToldAtOnce = 1_000

    /// Up to how many holders the limit is shared out anew at each heartbeat.
    package static let holdersSharedAtOnce = 64

    package private(set) var limit: OriginLimit
    let terms: LeaseTerms
    private let epoch: Epoch
    private var counter: UInt64 = 0
    /// Begins with the epoch: a chunk of an earlier run that is reported unused must not be taken for one of ours.
    private var nextChunk: UInt64
    var holders = HolderTable()
    private var reserved: LeaseAmounts
    private var reservedUntil: BootTime
    private var durable: LeaseAmounts
    private(set) var windows: [ByteWindow]
    private var throttle = OriginThrottle()
    let sharedAtOnce: Int
    /// When the limit is to be shared out again, where there are more holders than `sharedAtOnce`.
    var nextSharing = BootTime.zero

    /// `reserve` is what an earlier run made durable; `now` starts its certain end. Another boot's clock says nothing about
    /// when its windows were charged, so all of it counts as charged now.
    package init(
        limit: OriginLimit,
        terms: LeaseTerms,
        epoch: Epoch,
        reserve: LeaseReserve,
        at now: BootTime,
        sharedAtOnce: Int = holdersSharedAtOnce
    ) {
        self.limit = limit
        self.terms = terms
        self.epoch = epoch
        self.sharedAtOnce = sharedAtOnce
        self.nextChunk = epoch.rawValue << 32 | 1
        self.reserved = reserve.amounts
        self.durable = reserve.amounts
        self.reservedUntil = now + terms.granterSpan
        self.windows = limit.windows.enumerated().map { index, window in
            ByteWindow(limit: window, charged: index < reserve.windows.count ? reserve.windows[index] : [:], at: now)
        }
    }

    /// When the pause that the origin asked for is over; nil where it asked for none yet.
    package var pauseEnds: BootTime? { throttle.pauseEnds }

    // MARK: Events

    package mutating func heartbeatArrived(
        _ heartbeat: HolderHeartbeat,
        from node: NodeID,
        at now: BootTime,
        into actions: inout [LeaseAction]
    ) {
        expire(now)
        // What was said to an earlier granter may be older than what that one heard and granted afterwards.
        if let addressee = heartbeat.addressee, addressee != epoch { return }
        guard heartbeat.sequence > lastSequence(of: node), let place = place(of: node, heardAt: now) else { return }
        holders.update(place) { $0.heard(heartbeat, at: now) }
        if let applied = heartbeat.applied, applied.epoch == epoch {
            holders.update(place) { $0.acknowledged(applied.counter) }
        } else if heartbeat.addressee != nil {
            takeOverClaim(heartbeat.holds, place, now)
        }
        credit(heartbeat.returns, place)
        let isPauseNew = heartbeat.pause > .zero && !throttle.isPaused(at: now)
        throttle.paused(for: heartbeat.pause, at: now)
        let isShared = shareIfDue(now)
        grant(to: place, at: now, into: &actions)
        if isPauseNew { tellAll(but: place, at: now, into: &actions) }
        if isShared { grantToThoseWithout(at: now, into: &actions) }
    }

    /// The operator has changed what the origin can bear; what is out drains as it is acknowledged or ends.
    package mutating func limitChanged(to limit: OriginLimit, at now: BootTime, into actions: inout [LeaseAction]) {
        if limit.windows != self.limit.windows {
            windows = limit.windows.map { new in windows.first { $0.limit == new } ?? ByteWindow(limit: new) }
        }
        self.limit = limit
        expire(now)
        share(at: now)
        tellAll(at: now, into: &actions)
    }

    /// The pause may be over: those who wait hear of it.
    package mutating func pauseEnded(at now: BootTime, into actions: inout [LeaseAction]) {
        expire(now)
        guard !throttle.isPaused(at: now) else { return }
        share(at: now)
        grantToThoseWithout(at: now, into: &actions)
    }

    /// What was to be made durable could not be: the next grant has it made so again.
    package mutating func reserveLost() { durable = .none }

    // MARK: Decisions

    private mutating func expire(_ now: BootTime) {
        if now >= reservedUntil { reserved = .none }
        holders.expire(now, span: terms.granterSpan)
    }

    private func lastSequence(of node: NodeID) -> UInt64 {
        holders.place(of: node).map { holders[$0].sequence } ?? 0
    }

    private mutating func place(of node: NodeID, heardAt now: BootTime) -> Int? {
        if let place = holders.place(of: node) { return place }
        return holders.count < Self.maximumHolders ? holders.add(node, heardAt: now) : nil
    }

    /// A holder of an earlier epoch takes its part out of the reserve.
    private mutating func takeOverClaim(_ claim: LeaseAmounts, _ place: Int, _ now: BootTime) {
        let taken = LeaseAmounts.smaller(claim, reserved)
        guard holders[place].grants.isEmpty, taken != .none else { return }
        reserved = reserved - taken
        holders.granted(HolderRecord.Grant(counter: 0, amounts: taken, ends: now + terms.granterSpan), to: place)
    }

    private mutating func credit(_ returns: [UInt64: UInt64], _ place: Int) {
        for (id, unused) in returns {
            let buckets = holders.update(place) { $0.returned(id, unused: unused) } ?? []
            for (index, bucket) in buckets.enumerated() where index < windows.count {
                windows[index].credit(unused, to: bucket)
            }
        }
    }

    /// What may be handed out in sum now: the limit, or less after the origin has asked for a pause.
    package func allowed(at now: BootTime) -> LeaseAmounts { throttle.allowed(of: limit, at: now) }

    /// What one holder may have beside what others hold and what is reserved.
    private func free(for place: Int, at now: BootTime) -> LeaseAmounts {
        var free = allowed(at: now) - holders.held(without: place) - reserved
        // Where there is no limit, nothing that others hold takes from it.
        if limit.connections == nil { free.connections = .max }
        if limit.rate == nil { free.rate = .max }
        return free
    }

    /// What a holder may be told that it has.
    func amounts(for place: Int, at now: BootTime) -> LeaseAmounts {
        guard !throttle.isPaused(at: now) else { return .none }
        let amounts = LeaseAmounts.smaller(target(of: place, at: now), free(for: place, at: now))
        // A connection without a rate, or a rate without a connection, is of no use.
        return amounts.connections == 0 || amounts.rate == 0 ? .none : amounts
    }

    mutating func grant(to place: Int, at now: BootTime, into actions: inout [LeaseAction]) {
        let amounts = amounts(for: place, at: now)
        counter += 1
        let chunk = amounts == .none ? nil : chunk(for: place, at: now)
        let grant = HolderRecord.Grant(counter: counter, amounts: amounts, ends: now + terms.granterSpan)
        holders.granted(grant, to: place)
        if chunk != nil || !Self.covers(durable, holders.held) {
            durable = amountsToKeep
            actions.append(.persist(LeaseReserve(amounts: durable, windows: windows.map(\.charges))))
        }
        actions.append(
            .send(
                holders[place].node,
                GrantedLease(
                    generation: LeaseGenerationNumber(epoch: epoch, counter: counter),
                    sequence: holders[place].sequence,
                    duration: terms.duration,
                    amounts: amounts,
                    needsChunks: !windows.isEmpty,
                    chunk: chunk
                )
            )
        )
    }

    /// The whole limit at once, or where there is none twice what is out: a few writes, not one a grant. After a limit was
    /// lowered more than it may still be out.
    private var amountsToKeep: LeaseAmounts {
        // What an earlier run handed out may still be in use, and outlast another restart.
        let granted = holders.held + reserved
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
    private mutating func chunk(for place: Int, at now: BootTime) -> GrantedChunk? {
        guard !windows.isEmpty, holders[place].wantsBytes > 0 else { return nil }
        let active = UInt64(max(1, holders.wanting))
        var bytes = holders[place].wantsBytes
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
        let usable = windows.map(\.bucketLength).min() ?? .zero
        let chunk = GrantedChunk(id: nextChunk, bytes: bytes, usableFor: usable)
        nextChunk += 1
        holders.update(place) { $0.given(chunk, from: buckets) }
        return chunk
    }
}
