internal import SluiceAPI
internal import Synchronization
internal import Units

/// Acknowledgements that wait to be stored together.
final class GatheredAcks: Sendable {
    private let waiting = Mutex<[(ack: TaskAck, node: NodeID)]>([])

    /// True for the first one, whose caller sees to it that all are stored soon. Only what answers something that its node
    /// was sent comes here, and once, so what waits is bounded by what was sent.
    func add(_ ack: TaskAck, _ node: NodeID) -> Bool {
        waiting.withLock { waiting in
            waiting.append((ack, node))
            return waiting.count == 1
        }
    }

    func takeAll() -> [(ack: TaskAck, node: NodeID)] {
        waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
    }
}
