internal import NIOCore

/// How slowly the body of an HTTP/1.1 request may come: a grace, and a second more for so many bytes (Apache's
/// `RequestReadTimeout body=20,MinRate=500`). Time in which we read nothing does not count. A machine: time is an argument.
///
/// | state | bodyArrived | readingPaused | readingResumed |
/// | --- | --- | --- | --- |
/// | reading | reading, a later deadline | paused, no deadline | legal noise |
/// | paused | paused, a later deadline | legal noise | reading, later by the pause |
struct HTTP1BodyPace {
    private let bytesPerSecond: Int
    private var end: NIODeadline
    private var pausedSince: NIODeadline?

    init(grace: TimeAmount, bytesPerSecond: Int, at now: NIODeadline) {
        self.bytesPerSecond = max(1, bytesPerSecond)
        self.end = now + grace
    }

    /// When the body has to be there, by what has come of it; nil while we read nothing.
    var deadline: NIODeadline? { pausedSince == nil ? end : nil }

    mutating func bodyArrived(_ count: Int) {
        end = end + .nanoseconds(Int64(Double(count) / Double(bytesPerSecond) * 1e9))
    }

    mutating func readingPaused(at now: NIODeadline) {
        if pausedSince == nil { pausedSince = now }
    }

    mutating func readingResumed(at now: NIODeadline) {
        guard let since = pausedSince else { return }
        end = end + (now - since)
        pausedSince = nil
    }
}
