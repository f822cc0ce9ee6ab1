/// A time of the day, on some days of the week, with an allowance of its own. Times are UTC.
package struct TransferWindow: Hashable, Sendable {
    package static let minutesOfDay = 1440

    /// Days it begins on, Monday is 0; empty means every day.
    package let days: Set<Int>
    /// The minute it begins at, 0 to 1439.
    package let start: Int
    /// The minute it ends before, 1 to 1440; one at or before the start is on the next day.
    package let end: Int
    package let allowance: TransferAllowance

    /// Nil where a day or a minute is out of range.
    package init?(days: Set<Int>, start: Int, end: Int, allowance: TransferAllowance) {
        guard days.allSatisfy((0..<7).contains), (0..<Self.minutesOfDay).contains(start),
            (1...Self.minutesOfDay).contains(end)
        else { return nil }
        self.days = days
        self.start = start
        self.end = end
        self.allowance = allowance
    }

    /// Whether it holds at this minute of this day.
    func holds(day: Int, minute: Int) -> Bool {
        guard end <= start else { return begins(on: day) && (start..<end).contains(minute) }
        return begins(on: day) && minute >= start || begins(on: (day + 6) % 7) && minute < end
    }

    private func begins(on day: Int) -> Bool { days.isEmpty || days.contains(day) }
}
