internal import Synchronization
internal import Units

/// One connection slot at an origin, held until its socket is closed.
final class OriginPermit: Sendable {
    private struct State {
        var isRevoked = false
        var isReleased = false
        var whenRevoked: (@Sendable () -> Void)?
    }

    /// Bytes that are waited for before a range is asked, so that requests do not become tiny.
    static let leastRange = ByteCount.kibibytes(64)
    private static let pollInterval = Duration.milliseconds(10)

    private let access: OriginAccess
    private let account: OriginAccount
    private let state = Mutex(State())

    init(access: OriginAccess, account: OriginAccount) {
        self.access = access
        self.account = account
    }

    /// The lease has ended, or another node's turn has come: the connection has to be closed.
    var isRevoked: Bool { state.withLock { $0.isRevoked } }

    func whenRevoked(_ body: @escaping @Sendable () -> Void) {
        let now = state.withLock { state in
            if !state.isRevoked { state.whenRevoked = body }
            return state.isRevoked
        }
        if now { body() }
    }

    func revoke() {
        let body = state.withLock { state in
            state.isRevoked = true
            defer { state.whenRevoked = nil }
            return state.whenRevoked
        }
        body?()
    }

    /// How many bytes may be asked of the origin now, up to `wanted`; waits for them; nil once the permit is revoked or
    /// should be given up.
    func bytes(upTo wanted: ByteCount) async -> ByteCount? {
        while !isRevoked, !Task.isCancelled {
            if access.shouldGiveUp(at: account.origin) { return nil }
            let granted = access.takeBytes(upTo: wanted, atLeast: Self.leastRange, at: account.origin)
            if granted > .zero { return granted }
            try? await Task.sleep(for: Self.pollInterval)
        }
        return nil
    }

    /// Content bytes that have arrived, for the ledger.
    func used(_ bytes: Int) { access.used(ByteCount(bytes), by: account) }

    /// The socket is closed.
    func release() {
        let isFirst = state.withLock { state in
            defer { state.isReleased = true }
            return !state.isReleased
        }
        if isFirst { access.released(self, at: account.origin) }
    }
}
