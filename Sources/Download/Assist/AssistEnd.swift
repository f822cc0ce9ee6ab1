package import Units

/// Why assist ended, with the numbers that ended it.
package enum AssistEnd: Hashable, Sendable, CustomStringConvertible {
    /// BitTorrent alone is fast enough again.
    case recovered(rate: BytesPerSecond)
    /// With HTTP all sources together were not faster than without.
    case useless(alone: BytesPerSecond, assisted: BytesPerSecond)

    package var description: String {
        switch self {
        case .recovered(let rate): "BitTorrent is back at \(rate)"
        case .useless(let alone, let assisted): "it gained nothing: \(assisted) with it, \(alone) without"
        }
    }
}
