internal import NIOCore

/// Connections of one event loop whose small messages wait a moment for others, so that each does not cost a packet. They
/// share a timer: with one for each connection, every new piece would set as many as there are peers.
final class FlushRound {
    private let loop: any EventLoop
    private var waiting: [PeerHandler] = []

    init(loop: any EventLoop) { self.loop = loop }

    /// Flushes the connection when the round ends, which it does a moment after the first has joined.
    func join(_ peer: PeerHandler) {
        waiting.append(peer)
        guard waiting.count == 1 else { return }
        let bound = NIOLoopBound(self, eventLoop: loop)
        loop.scheduleTask(in: .milliseconds(Limits.smallMessageMilliseconds)) { bound.value.ended() }
    }

    private func ended() {
        let due = waiting
        waiting.removeAll(keepingCapacity: true)
        for peer in due { peer.flushRoundEnded() }
    }
}
