internal import NIOConcurrencyHelpers
internal import NIOCore

/// Events on their way to the one who follows a swarm: handed over in one go on the follower's loop, however many have come
/// meanwhile. Before there is a follower, only the first events are kept.
final class SwarmMailbox: Sendable {
    private struct State {
        var events: [SwarmEvent] = []
        var follower: (loop: any EventLoop, take: @Sendable ([SwarmEvent]) -> Void)?
        var isScheduled = false
    }

    private let state = NIOLockedValueBox(State())

    func add(_ event: SwarmEvent) {
        let loop: (any EventLoop)? = state.withLockedValue { state in
            guard state.follower != nil || state.events.count < Limits.unreadEvents else { return nil }
            state.events.append(event)
            return Self.schedule(&state)
        }
        loop?.execute { self.deliver() }
    }

    func follow(on loop: any EventLoop, _ take: @escaping @Sendable ([SwarmEvent]) -> Void) {
        let loop: (any EventLoop)? = state.withLockedValue { state in
            state.follower = (loop, take)
            return state.events.isEmpty ? nil : Self.schedule(&state)
        }
        loop?.execute { self.deliver() }
    }

    /// Nobody follows any more, and what comes is not kept.
    func close() {
        state.withLockedValue { state in
            state.events = []
            state.follower = state.follower.map { ($0.loop, { _ in }) }
        }
    }

    private static func schedule(_ state: inout State) -> (any EventLoop)? {
        guard !state.isScheduled, let follower = state.follower else { return nil }
        state.isScheduled = true
        return follower.loop
    }

    private func deliver() {
        let (events, follower) = state.withLockedValue { state in
            defer {
                state.events = []
                state.isScheduled = false
            }
            return (state.events, state.follower)
        }
        follower?.take(events)
    }
}
