internal import Units

/// When addresses that gave no connection are tried again: after 100 ms, because a relay may just be opening the blob, then
/// twice as long each time, up to a minute, each by up to a fifth more or less, so that those who lost a relay in one
/// instant do not come back in one. No clock and no chance of its own.
struct DialBackoff {
    /// Addresses remembered at most; beyond it those that are due first are forgotten.
    private static let remembered = 1024
    private static let shortest = 0.1
    private static let longest = 60.0

    private struct Pause {
        var failures = 0
        var until = BootTime.zero
    }

    private static let jitter = 0.2

    private var pauses: [String: Pause] = [:]
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    func mayDial(_ address: String, at now: BootTime) -> Bool { pauses[address].map { now >= $0.until } ?? true }

    /// An address gave no connection.
    mutating func failed(_ address: String, at now: BootTime) {
        if pauses[address] == nil, pauses.count >= Self.remembered,
            let soonest = pauses.min(by: { $0.value.until < $1.value.until })?.key
        {
            pauses.removeValue(forKey: soonest)
        }
        var pause = pauses[address] ?? Pause()
        let bound = min(Self.longest, Self.shortest * Double(1 << min(pause.failures, 10)))
        pause.until = now + .seconds(bound * Double.random(in: 1 - Self.jitter...1 + Self.jitter, using: &generator))
        pause.failures += 1
        pauses[address] = pause
    }

    mutating func connected(_ address: String) { pauses.removeValue(forKey: address) }
}
