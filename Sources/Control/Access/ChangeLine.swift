/// Changes of one thing, one after the other: each is stored and then made known before the next begins, so that what is
/// known is what was stored last.
actor ChangeLine<Key: Hashable & Sendable> {
    /// Who waits for its turn; there is an entry for as long as somebody is at it.
    private var waiting: [Key: [CheckedContinuation<Void, Never>]] = [:]

    func perform<Value: Sendable>(_ key: Key, _ change: @Sendable () async throws -> Value) async throws -> Value {
        if waiting[key] == nil {
            waiting[key] = []
        } else {
            await withCheckedContinuation { waiting[key]?.append($0) }
        }
        defer { passOn(key) }
        return try await change()
    }

    private func passOn(_ key: Key) {
        if waiting[key]?.isEmpty == false {
            waiting[key]?.removeFirst().resume()
        } else {
            waiting.removeValue(forKey: key)
        }
    }
}
