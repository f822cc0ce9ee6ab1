internal import Units

/// One source as the engine knows it.
struct Source: Sendable {
    let kind: SourceKind
    var has: PieceSet
    var isChoked: Bool
    /// Blocks asked for and not come yet, with when they were asked.
    var outstanding: [Block: BootTime] = [:]
    /// Pieces an HTTP source fetches now.
    var fetches: Set<PieceIndex> = []
    var meter: RateMeter
    var rate = BytesPerSecond.zero
    var failures = 0
    var notBefore = BootTime.zero

    /// Requests under way for a peer: half a second of its rate, within bounds.
    var queueDepth: Int {
        let blocks = Int(rate.rawValue / 2 / UInt64(Block.maximumLength))
        return min(Limits.maximumQueueDepth, Limits.minimumQueueDepth + blocks)
    }
}
