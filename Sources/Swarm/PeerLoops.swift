internal import NIOCore

/// The connections of one blob by the event loop that they live on: what all of them are told crosses to each loop once.
struct PeerLoops: Sendable {
    private struct OneLoop: Sendable {
        let loop: any EventLoop
        var handlers: [PeerHandle: NIOLoopBound<PeerHandler>] = [:]
    }

    private var loops: [ObjectIdentifier: OneLoop] = [:]

    mutating func add(_ peer: PeerHandle, _ entry: PeerEntry) {
        let loop = entry.channel.eventLoop
        loops[ObjectIdentifier(loop), default: OneLoop(loop: loop)].handlers[peer] = entry.handler
    }

    mutating func remove(_ peer: PeerHandle, _ entry: PeerEntry) {
        loops[ObjectIdentifier(entry.channel.eventLoop)]?.handlers[peer] = nil
    }

    /// Calls `body` with every connection, on its loop.
    func tellAll(_ body: @escaping @Sendable (PeerHandler) -> Void) {
        for one in loops.values where !one.handlers.isEmpty {
            one.loop.execute {
                for handler in one.handlers.values { body(handler.value) }
            }
        }
    }
}
