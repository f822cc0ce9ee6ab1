internal import Glibc
package import Units

/// The machine's boot clock (`CLOCK_BOOTTIME`): runs through suspend, never jumps.
package enum BootClock {
    /// The instant now.
    package static func now() -> BootTime {
        var time = timespec()
        let result = unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        precondition(result == 0, "this kernel has no boot clock")
        return BootTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }
}
