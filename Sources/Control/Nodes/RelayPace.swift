internal import Units

/// How fast a relay pulls a blob, by the hashes it has told of.
struct RelayPace: Sendable {
    private let began: BootTime
    private var pieces = 0
    private(set) var lastHeard: BootTime

    init(at now: BootTime) {
        began = now
        lastHeard = now
    }

    mutating func pulled(_ count: Int, at now: BootTime) {
        pieces += count
        lastHeard = now
    }

    /// How long a piece takes on average; nil before the first.
    var timePerPiece: Duration? { pieces > 0 ? (lastHeard - began) / pieces : nil }

    /// How long it will take for `open` pieces at the pace so far.
    func expected(for open: Int) -> Duration {
        (lastHeard - began) * (Double(open) / Double(max(1, pieces)))
    }
}
