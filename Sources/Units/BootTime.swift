/// An instant on a machine's boot clock (`CLOCK_BOOTTIME`): nanoseconds since boot, suspend included.
/// Never compared between machines (reference: leases).
package struct BootTime: Hashable, Comparable, Sendable {
    package var nanoseconds: Int64
    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
    /// The start of the clock; tests and simulations begin here.
    package static let zero = BootTime(nanoseconds: 0)
    package static func < (left: BootTime, right: BootTime) -> Bool { left.nanoseconds < right.nanoseconds }
    /// Clamps at the ends of the clock.
    package static func + (time: BootTime, duration: Duration) -> BootTime {
        let (sum, overflow) = time.nanoseconds.addingReportingOverflow(duration.nanoseconds)
        return BootTime(nanoseconds: overflow ? (duration < .zero ? .min : .max) : sum)
    }
    package static func - (time: BootTime, duration: Duration) -> BootTime {
        let (difference, overflow) = time.nanoseconds.subtractingReportingOverflow(duration.nanoseconds)
        return BootTime(nanoseconds: overflow ? (duration < .zero ? .max : .min) : difference)
    }
    package static func - (left: BootTime, right: BootTime) -> Duration {
        .nanoseconds(left.nanoseconds) - .nanoseconds(right.nanoseconds)
    }
}
