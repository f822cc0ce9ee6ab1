package import Units

/// A node's half of a lease at one origin: what it may use right now, counted from when it asked, never from when the
/// answer came (leases.md: the variant that counts from receipt breaks the sum in 8 steps).
///
/// Bad events: a grant that is not newer than the last, or answers a heartbeat never sent, is ignored (legal noise).
package struct LeaseHolder: Sendable {
    /// Heartbeats whose send times are remembered at most.
    private static let rememberedHeartbeats = 64

    private let terms: LeaseTerms
    private var sequence: UInt64
    private var sent: [UInt64: BootTime] = [:]
    /// The granter of the moment, whom heartbeats are made for.
    private var granter: Epoch?
    private var newest: LeaseGenerationNumber?
    private var applied: LeaseGenerationNumber?
    private var current = LeaseAmounts.none
    private var ends = BootTime.zero
    /// Connections beyond `current` that an older grant still covers, and until when.
    private var covered: UInt32 = 0
    private var coveredUntil = BootTime.zero
    private var bucket: TokenBucket
    private var needsChunks = false
    private var chunks: [(id: UInt64, left: UInt64, ends: BootTime)] = []
    private var returns: [UInt64: UInt64] = [:]
    package private(set) var connectionsInUse: UInt32 = 0

    /// `firstSequence` lies above any that an earlier start of this node has used.
    package init(terms: LeaseTerms, firstSequence: UInt64, at now: BootTime) {
        self.terms = terms
        self.sequence = firstSequence
        self.bucket = TokenBucket(rate: .zero, at: now)
    }

    // MARK: Events

    /// The granter has said who it is. An older one says nothing any more.
    package mutating func granterKnown(_ epoch: Epoch) { granter = max(granter ?? epoch, epoch) }

    /// A heartbeat leaves now: what it says.
    package mutating func heartbeatSent(
        wants: LeaseAmounts,
        wantsBytes: UInt64,
        weight: UInt32,
        pause: Duration = .zero,
        at now: BootTime
    ) -> HolderHeartbeat {
        expire(now)
        sequence += 1
        sent[sequence] = now
        if sent.count > Self.rememberedHeartbeats, let oldest = sent.keys.min() { sent.removeValue(forKey: oldest) }
        let returned = returns
        returns = [:]
        return HolderHeartbeat(
            sequence: sequence,
            wants: wants,
            wantsBytes: wantsBytes,
            applied: applied,
            holds: LeaseAmounts(connections: max(current.connections, connectionsInUse), rate: current.rate),
            weight: weight,
            returns: returned,
            addressee: granter,
            pause: pause
        )
    }

    /// A grant has come; returns whether the granter should hear of it at once.
    package mutating func grantArrived(_ grant: GrantedLease, at now: BootTime) -> Bool {
        expire(now)
        guard let asked = sent[grant.sequence] else { return false }
        if let newest, grant.generation <= newest { return false }
        if let granter, grant.generation.epoch < granter { return false }
        newest = grant.generation
        let shrinks = grant.amounts.connections < current.connections || grant.amounts.rate < current.rate
        if connectionsInUse > grant.amounts.connections {
            covered = connectionsInUse
            coveredUntil = coveredUntil > now ? min(coveredUntil, ends) : ends
        }
        current = grant.amounts
        ends = asked + grant.duration * (1 - LeaseTerms.drift)
        bucket.rateChanged(to: BytesPerSecond(rawValue: current.rate), at: now)
        needsChunks = grant.needsChunks
        if let chunk = grant.chunk {
            chunks.append((chunk.id, chunk.bytes, asked + chunk.usableFor * (1 - LeaseTerms.drift)))
        }
        expire(now)
        settle()
        return shrinks && applied == newest
    }

    /// A connection's socket is closed; returns whether the granter should hear of it at once.
    package mutating func connectionClosed() -> Bool {
        precondition(connectionsInUse > 0, "a connection was closed that was never opened")
        connectionsInUse -= 1
        let before = applied
        settle()
        return applied != before
    }

    /// How many connections must be closed now because nothing covers them any more.
    package mutating func connectionsToAbort(at now: BootTime) -> UInt32 {
        expire(now)
        let allowed = max(current.connections, now < coveredUntil ? covered : 0)
        return connectionsInUse > allowed ? connectionsInUse - allowed : 0
    }

    // MARK: Use

    /// Opens a connection where the lease has room for one.
    package mutating func openConnection(at now: BootTime) -> Bool {
        expire(now)
        guard connectionsInUse < current.connections, current.rate > 0 else { return false }
        connectionsInUse += 1
        return true
    }

    /// Whether more connections are in use than the newest grant allows: one should be closed soon.
    package var shouldGiveUpConnection: Bool { connectionsInUse > current.connections }

    /// Bytes that may be asked of the origin now, up to `wanted`; zero means to wait.
    package mutating func takeBytes(upTo wanted: ByteCount, atLeast least: ByteCount, at now: BootTime) -> ByteCount {
        expire(now)
        guard current.rate > 0 else { return .zero }
        var wanted = wanted
        if needsChunks {
            guard let first = chunks.first else { return .zero }
            wanted = min(wanted, ByteCount(rawValue: first.left))
        }
        let granted = bucket.take(upTo: wanted, atLeast: min(least, wanted), at: now)
        if needsChunks, granted > .zero {
            chunks[0].left -= granted.rawValue
            if chunks[0].left == 0 { chunks.removeFirst() }
        }
        return granted
    }

    /// The rate of the moment; nil where the origin has no limit.
    package var rate: BytesPerSecond? { current.rate == .max ? nil : BytesPerSecond(rawValue: current.rate) }

    /// Whether any of the lease is left, so that it is kept up or given back.
    package var holdsAnything: Bool { current != .none || connectionsInUse > 0 }

    /// Whether chunks are needed and none is left.
    package var lacksChunk: Bool { needsChunks && chunks.isEmpty }

    private mutating func expire(_ now: BootTime) {
        if now >= ends { current = .none }
        for chunk in chunks where chunk.ends <= now { returns[chunk.id] = chunk.left }
        chunks.removeAll { $0.ends <= now }
        if now >= ends { bucket.rateChanged(to: .zero, at: now) }
    }

    /// A grant is applied once no more is in use than it allows.
    private mutating func settle() {
        if connectionsInUse <= current.connections { applied = newest }
    }
}
