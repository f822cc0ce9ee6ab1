internal import Glibc

/// The wall clock, for what people read and for times of the day; nothing that has to be safe is decided by it.
package struct WallClock: Sendable {
    /// Milliseconds since 1970.
    package let milliseconds: @Sendable () -> Int64

    /// Seconds since 1970.
    package var seconds: Int64 { milliseconds() / 1000 }

    package init(milliseconds: @escaping @Sendable () -> Int64) { self.milliseconds = milliseconds }

    package static let system = WallClock {
        var time = timespec()
        let result = unsafe clock_gettime(CLOCK_REALTIME, &time)
        precondition(result == 0, "this kernel has no wall clock")
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
