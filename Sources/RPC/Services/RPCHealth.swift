internal import Synchronization

/// The serving status of a server and its services, as `grpc.health.v1` tells it. The server's owner sets it.
package final class RPCHealth: Sendable {
    /// `HealthCheckResponse.ServingStatus`, by its numbers.
    package enum Status: Int32, Hashable, Sendable {
        case unknown = 0, serving, notServing, serviceUnknown
    }
    private struct Watcher {
        let service: String
        let continuation: AsyncStream<Status>.Continuation
    }
    private struct Ledger {
        var statuses: [String: Status]
        var watchers: [UInt64: Watcher] = [:]
        var nextWatcher: UInt64 = 0

        func tell(_ status: Status, of service: String) {
            for watcher in watchers.values where watcher.service == service { watcher.continuation.yield(status) }
        }
    }
    private let ledger: Mutex<Ledger>

    /// The server as a whole, named "", is serving.
    package init() {
        self.ledger = Mutex(Ledger(statuses: ["": .serving]))
    }

    /// Changes the status of a service, or of the whole server for "", and tells who watches it.
    package func setStatus(_ status: Status, for service: String = "") {
        ledger.withLock { ledger in
            guard ledger.statuses.updateValue(status, forKey: service) != status else { return }
            ledger.tell(status, of: service)
        }
    }

    /// Everything is `notServing`: the first step of a graceful end.
    package func stopServing() {
        ledger.withLock { ledger in
            for service in ledger.statuses.keys {
                ledger.statuses[service] = .notServing
                ledger.tell(.notServing, of: service)
            }
        }
    }

    /// Nil for a service that is not known.
    package func status(of service: String) -> Status? {
        ledger.withLock { $0.statuses[service] }
    }

    /// Counts a service as serving unless something was said of it before.
    func register(_ service: String) {
        ledger.withLock { ledger in
            if ledger.statuses[service] == nil { ledger.statuses[service] = .serving }
        }
    }

    /// The status now and after each change; a slow watcher sees the newest. Ends with its reader's task.
    func updates(of service: String) -> AsyncStream<Status> {
        let (stream, continuation) = AsyncStream.makeStream(of: Status.self, bufferingPolicy: .bufferingNewest(1))
        let id = ledger.withLock { ledger in
            ledger.nextWatcher += 1
            ledger.watchers[ledger.nextWatcher] = Watcher(service: service, continuation: continuation)
            continuation.yield(ledger.statuses[service] ?? .serviceUnknown)
            return ledger.nextWatcher
        }
        continuation.onTermination = { [weak self] _ in
            self?.ledger.withLock { _ = $0.watchers.removeValue(forKey: id) }
        }
        return stream
    }
}
