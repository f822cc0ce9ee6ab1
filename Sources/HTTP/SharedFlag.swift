internal import Synchronization

/// A Boolean that one thread writes and others read.
final class SharedFlag: Sendable {
    private let value: Atomic<Bool>

    init(_ value: Bool) { self.value = Atomic(value) }

    func load() -> Bool { value.load(ordering: .acquiring) }
    func store(_ new: Bool) { value.store(new, ordering: .releasing) }
}
