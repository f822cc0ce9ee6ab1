internal import Foundation

/// The wall clock, for what people read; nothing is decided by it.
struct WallClock: Sendable {
    /// Milliseconds since 1970.
    let milliseconds: @Sendable () -> Int64

    static let system = WallClock { Int64(Date().timeIntervalSince1970 * 1000) }
}
