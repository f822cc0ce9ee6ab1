internal import SluiceAPI
internal import Units

/// Bytes taken from origins, on their way into control's ledger: one round of messages at a time, repeated as it is until
/// control has stored all of it. So nothing is lost with a stream, and nothing counts twice.
struct UsageReports {
    private static let interval = Duration.milliseconds(500)
    /// How long an answer may take before a round is sent again.
    private static let patience = Duration.seconds(5)

    private var collected: [OriginAccount: ByteCount] = [:]
    private var round: [OriginUsage] = []
    private var sequence: UInt64
    private var next = BootTime.zero

    /// `firstSequence` lies above any that an earlier start of this node has used.
    init(firstSequence: UInt64) { sequence = firstSequence }

    /// Whether nothing waits to be told or stored.
    var isEmpty: Bool { collected.isEmpty && round.isEmpty }

    mutating func add(_ bytes: ByteCount, by account: OriginAccount) { collected[account, default: .zero] += bytes }

    /// The stream is up again: what was not answered goes out at once.
    mutating func streamOpened() { next = .zero }

    mutating func acknowledged(_ stored: UInt64) {
        round.removeAll { $0.sequence <= stored }
        if round.isEmpty { next = .zero }
    }

    /// What to send now, in this order.
    mutating func due(at now: BootTime) -> [OriginUsage] {
        guard now >= next, !isEmpty else { return [] }
        if round.isEmpty {
            round = collected.map { account, bytes in
                sequence += 1
                var usage = OriginUsage()
                usage.origin = account.origin.text
                usage.sequence = sequence
                usage.distribution = account.distribution
                usage.reason = account.use
                usage.bytes = bytes.rawValue
                return usage
            }
            collected = [:]
            next = now + Self.interval
        } else {
            next = now + Self.patience
        }
        return round
    }
}
