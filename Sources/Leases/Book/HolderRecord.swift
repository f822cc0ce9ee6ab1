internal import Units

/// What the granter of an origin knows of one holder.
struct HolderRecord: Sendable {
    /// One the holder may believe in until it ends, or until it has acknowledged a later one.
    struct Grant: Sendable {
        let counter: UInt64
        let amounts: LeaseAmounts
        let ends: BootTime
    }

    /// Grants that are kept apart; older ones are taken together, as large and as long as any of them.
    static let maximumGrants = 16
    /// Chunks that can still be reported unused.
    static let maximumChunks = 256

    let node: NodeID
    var sequence: UInt64 = 0
    var heardAt: BootTime
    var wants = LeaseAmounts.none
    var wantsBytes: UInt64 = 0
    var weight: UInt64 = 100
    /// Its part of the limit as it was last shared out; nil until it is.
    var share: LeaseAmounts?
    private(set) var grants: [Grant] = []
    /// The largest of its grants.
    private(set) var held = LeaseAmounts.none
    private var chunks: [UInt64: (buckets: [Int64], bytes: UInt64)] = [:]
    /// Whether it has a place; false once it was forgotten.
    private(set) var isKnown = true

    init(node: NodeID, heardAt: BootTime) {
        self.node = node
        self.heardAt = heardAt
    }

    /// Its weight where it wants something, which is never 0 then.
    var wantingWeight: UInt64 { wants.connections > 0 ? max(1, weight) : 0 }

    /// What it was told last.
    var lastGranted: LeaseAmounts { grants.last?.amounts ?? .none }

    /// What counts of its grants at this instant.
    func held(at now: BootTime) -> LeaseAmounts {
        grants.reduce(.none) { $1.ends > now ? .larger($0, $1.amounts) : $0 }
    }

    mutating func heard(_ heartbeat: HolderHeartbeat, at now: BootTime) {
        // Its part was for one who wanted less.
        if heartbeat.wants.connections > wants.connections || heartbeat.wants.rate > wants.rate { share = nil }
        sequence = heartbeat.sequence
        heardAt = now
        wants = heartbeat.wants
        wantsBytes = heartbeat.wantsBytes
        weight = UInt64(heartbeat.weight)
    }

    mutating func granted(_ grant: Grant) {
        grants.append(grant)
        if grants.count > Self.maximumGrants { joinOldest() }
        held = .larger(held, grant.amounts)
    }

    /// It has applied the grant of this number: no older one counts any more.
    mutating func acknowledged(_ counter: UInt64) {
        grants.removeAll { $0.counter < counter }
        countHeld()
    }

    mutating func expire(_ now: BootTime) {
        grants.removeAll { $0.ends <= now }
        countHeld()
    }

    mutating func forget() {
        self = HolderRecord(node: node, heardAt: heardAt)
        isKnown = false
    }

    mutating func given(_ chunk: GrantedChunk, from buckets: [Int64]) {
        chunks[chunk.id] = (buckets, chunk.bytes)
        if chunks.count > Self.maximumChunks, let oldest = chunks.keys.min() { chunks.removeValue(forKey: oldest) }
        // What it wanted it has, until it says otherwise.
        wantsBytes = 0
    }

    /// The buckets, one for each window, that what it did not use of a chunk goes back to; nil where it was never given
    /// so much.
    mutating func returned(_ chunk: UInt64, unused: UInt64) -> [Int64]? {
        guard let given = chunks.removeValue(forKey: chunk), unused <= given.bytes else { return nil }
        return given.buckets
    }

    private mutating func countHeld() { held = grants.reduce(.none) { .larger($0, $1.amounts) } }

    /// One that counts for at least as much and as long as the two oldest: it goes when the newer of them would.
    private mutating func joinOldest() {
        let (first, second) = (grants[0], grants[1])
        let joined = Grant(
            counter: max(first.counter, second.counter),
            amounts: .larger(first.amounts, second.amounts),
            ends: max(first.ends, second.ends)
        )
        grants.replaceSubrange(0..<2, with: [joined])
    }
}
