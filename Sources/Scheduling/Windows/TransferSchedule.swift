/// How much may be moved when: an allowance for all times, and windows with their own, of which the first that holds
/// counts. No clock of its own: the time is an argument.
package struct TransferSchedule: Hashable, Sendable {
    /// Windows of one order at most.
    package static let maximumWindows = 64

    private let always: TransferAllowance
    private let windows: [TransferWindow]
    private let onlyInWindows: Bool

    /// With `onlyInWindows` nothing moves outside the windows.
    package init(always: TransferAllowance, windows: [TransferWindow], onlyInWindows: Bool) {
        self.always = always
        self.windows = windows
        self.onlyInWindows = onlyInWindows
    }

    /// What may be moved `seconds` after the start of 1970, UTC.
    package func allowance(atUnixSeconds seconds: Int64) -> TransferAllowance {
        // Days begin at midnight also before 1970; the first one was a Thursday.
        let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        let day = Int((days % 7 + 10) % 7)
        let minute = Int((seconds - days * 86_400) / 60)
        if let window = windows.first(where: { $0.holds(day: day, minute: minute) }) { return window.allowance }
        return onlyInWindows ? .paused : always
    }
}
