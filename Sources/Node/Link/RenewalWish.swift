internal import Synchronization

/// Control's wish that a node has its certificate renewed before its time. Wakes whoever waits to renew it.
final class RenewalWish: Sendable {
    private struct State {
        /// Seconds since 1970; nil where there is no wish.
        var dueAt: Int64?
        var waiter: AsyncStream<Void>.Continuation?
    }

    private let state = Mutex(State())

    /// When to renew, in seconds since 1970; nil where nobody asks.
    var dueAt: Int64? { state.withLock(\.dueAt) }

    /// To be renewed at `time`; an earlier one stands.
    func asked(for time: Int64) {
        let waiter = state.withLock { state in
            state.dueAt = min(state.dueAt ?? time, time)
            return state.waiter
        }
        waiter?.yield()
    }

    func fulfilled() { state.withLock { $0.dueAt = nil } }

    /// Returns when the time is over, where the wish is another than `known`, or when the task is cancelled. For one who waits.
    func wait(for duration: Duration, knowing known: Int64?) async {
        let (wake, waiter) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let isNew = state.withLock { state in
            state.waiter = waiter
            return state.dueAt != known
        }
        if isNew { waiter.yield() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await Task.sleep(for: duration) }
            group.addTask { for await _ in wake { return } }
            await group.next()
            group.cancelAll()
        }
        state.withLock { $0.waiter = nil }
    }
}
