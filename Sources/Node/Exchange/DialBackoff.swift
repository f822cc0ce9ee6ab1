internal import Units

/// When addresses that gave no connection are tried again: after 100 ms, because a relay may just be opening the blob, then
/// twice as long each time, up to a minute. No clock of its own.
struct DialBackoff {
    /// Addresses remembered at most; beyond it those that are due first are forgotten.
    private static let remembered = 1024
    private static let shortest = 0.1
    private static let longest = 60.0

    private struct Pause {
        var failures = 0
        var until = BootTime.zero
    }

    private var pauses: [String: Pause] = [:]

    func mayDial(_ address: String, at now: BootTime) -> Bool { pauses[address].map { now >= $0.until } ?? true }

    /// An address gave no connection.
    mutating func failed(_ address: String, at now: BootTime) {
        if pauses[address] == nil, pauses.count >= Self.remembered,
            let soonest = pauses.min(by: { $0.value.until < $1.value.until })?.key
        {
            pauses.removeValue(forKey: soonest)
        }
        var pause = pauses[address] ?? Pause()
        pause.until = now + .seconds(min(Self.longest, Self.shortest * Double(1 << min(pause.failures, 10))))
        pause.failures += 1
        pauses[address] = pause
    }

    mutating func connected(_ address: String) { pauses.removeValue(forKey: address) }
}
