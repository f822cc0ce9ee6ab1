internal import SluiceAPI
internal import Synchronization

/// Messages that wait to be sent to control by one stream or one session of polls.
final class OutgoingMessages: Sendable {
    /// Messages that wait at most; beyond it the oldest gives way, for every one of them is repeated by whoever owns its
    /// state (status, acks, heartbeats).
    static let maximumQueued = 4096

    private let waiting = Mutex<[ConnectRequest]>([])
    /// Gives a value when there is something to take, and ends when the session is to end.
    let ready: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    init() {
        (ready, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    func add(_ message: ConnectRequest.Message) {
        let request = ConnectRequest(message)
        waiting.withLock { waiting in
            if waiting.count == Self.maximumQueued { waiting.removeFirst() }
            waiting.append(request)
        }
        signal.yield()
    }

    func takeAll() -> [ConnectRequest] {
        waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
    }

    /// Ends the session.
    func finish() { signal.finish() }
}
