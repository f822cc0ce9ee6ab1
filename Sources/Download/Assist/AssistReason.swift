package import Units

/// Why assist began, with the numbers that fired it.
package enum AssistReason: Hashable, Sendable, CustomStringConvertible {
    case slow(rate: BytesPerSecond, threshold: BytesPerSecond, duration: Duration)
    case stalled(progress: Double, duration: Duration)
    case hostileNetwork(duration: Duration)
    /// No peer, and nothing that answers over HTTP: the origin is what is left.
    case cutOff(duration: Duration)
    case overdue(elapsed: Duration, expected: Duration)
    case bitTorrentDisabled

    package var description: String {
        switch self {
        case .slow(let rate, let threshold, let duration):
            "slow: \(rate) is below \(threshold) for \(Int(duration.seconds)) s"
        case .stalled(let progress, let duration):
            "stalled: \(Int(progress * 10_000)) in 10,000 parts in \(Int(duration.seconds)) s"
        case .hostileNetwork(let duration):
            "BitTorrent is blocked: no peer that stays in \(Int(duration.seconds)) s while HTTP works"
        case .cutOff(let duration): "cut off: no peer and no relay in \(Int(duration.seconds)) s"
        case .overdue(let elapsed, let expected):
            "late: \(Int(elapsed.seconds)) s of \(Int(expected.seconds)) s expected"
        case .bitTorrentDisabled: "BitTorrent is switched off"
        }
    }
}
