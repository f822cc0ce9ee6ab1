/// Continuations that wait for one event, each cancellable by its number.
struct Waiters<Value: Sendable>: Sendable {
    typealias Waiter = CheckedContinuation<Result<Value, HTTPError>, Never>

    private var waiting: [(id: UInt64, waiter: Waiter)] = []

    var isEmpty: Bool { waiting.isEmpty }

    mutating func add(_ id: UInt64, _ waiter: Waiter) { waiting.append((id, waiter)) }

    mutating func remove(_ id: UInt64) -> Waiter? {
        guard let at = waiting.firstIndex(where: { $0.id == id }) else { return nil }
        return waiting.remove(at: at).waiter
    }

    mutating func takeFirst() -> Waiter? { waiting.isEmpty ? nil : waiting.removeFirst().waiter }

    mutating func takeAll() -> [Waiter] {
        defer { waiting = [] }
        return waiting.map(\.waiter)
    }
}
