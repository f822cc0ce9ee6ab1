internal import Synchronization

/// Ties a timer to a call without keeping the call alive.
final class DeadlineAlarm: Sendable {
    private struct Target: Sendable {
        weak var call: ClientCall?
    }
    private let target = Mutex(Target())

    func set(_ call: ClientCall) {
        target.withLock { $0.call = call }
    }

    func ring() {
        let call = target.withLock { $0.call }
        call?.expire()
    }
}
