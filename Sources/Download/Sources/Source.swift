internal import Units

/// One source as the engine knows it.
struct Source: Sendable {
    let kind: SourceKind
    /// A peer at another site.
    var isFar = false
    var has: PieceSet
    var isChoked: Bool
    /// Blocks asked for and not come yet, with when they were asked.
    var outstanding: [Block: BootTime] = [:]
    /// Pieces an HTTP source fetches now.
    var fetches: Set<PieceIndex> = []
    /// When the last block came, or the first was asked for.
    var lastAnswer = BootTime.zero
    var meter: RateMeter
    var rate = BytesPerSecond.zero
    var failures = 0
    var notBefore = BootTime.zero

    var queue = QueueDepth()
    /// Pieces the source would rather give than others, oldest first, and when the last was named.
    var suggested: [PieceIndex] = []
    var lastSuggestion: BootTime?

    /// Whether it owes blocks and has sent nothing for a while.
    func isSilent(at now: BootTime) -> Bool {
        isSilent(at: now, for: kind.isPeer ? Limits.silence : Limits.fetchSilence)
    }

    /// Whether it owes blocks and has sent nothing for longer than `patience`.
    func isSilent(at now: BootTime, for patience: Duration) -> Bool {
        !(outstanding.isEmpty && fetches.isEmpty) && now - lastAnswer > patience
    }

    /// Whether it says by itself what to take: then nothing else is taken of it, so that first copies spread.
    func advises(at now: BootTime) -> Bool {
        guard let lastSuggestion else { return false }
        return !suggested.isEmpty || now - lastSuggestion < Limits.advicePatience
    }
}
