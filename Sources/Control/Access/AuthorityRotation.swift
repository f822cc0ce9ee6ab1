internal import Logging
internal import Store
internal import Transport
internal import Units

/// Goes over from one authority to another, one step at a time: what is changed is kept first, then shown by the listener,
/// told to the nodes, and made to count for callers.
struct AuthorityRotation: Sendable {
    /// Whoever has to know which authorities are trusted. `renews` says that nodes are to have their certificates renewed.
    typealias Told = @Sendable (_ authorities: AuthoritySet, _ renews: Bool) async -> Void

    let authority: ControlAuthority
    let slot: TLSServerSlot
    /// The server's names.
    let names: [String]
    let registry: AccessRegistry
    let clock: WallClock
    let told: Told
    let logger: Logger
    /// One change at a time.
    private let line = ChangeLine<String>()

    /// Makes the change that is wanted of the present authorities; returns those that are there behind it.
    func change(
        _ wanted: @escaping @Sendable (AuthoritySet) async throws -> AuthoritySet
    ) async throws -> AuthoritySet {
        // A task of its own: what is kept is also told, although the caller may go away.
        try await Task { try await line.perform("authorities") { try await perform(wanted) } }.value
    }

    private func perform(
        _ wanted: @Sendable (AuthoritySet) async throws -> AuthoritySet
    ) async throws -> AuthoritySet {
        let before = authority.authorities
        let changed = try await wanted(before)
        guard changed.text != before.text else { return before }
        let renews = changed.active.certificate.fingerprint != before.active.certificate.fingerprint
        // A server's certificate that comes too early is made anew at the next start.
        let context = try authority.serverContext(of: changed, names: names, now: clock.seconds)
        if try !authority.keep(changed) { logger.warning("ca.crt could not be written; the next start does") }
        slot.replace(context)
        await told(changed, renews)
        await registry.trust(changed.trusted.fingerprints)
        return changed
    }

    /// Makes the server's certificate anew where it comes to its end.
    func renewServer() async {
        do {
            try await line.perform("authorities") {
                slot.replace(try authority.serverContext(names: names, now: clock.seconds))
            }
        } catch {
            logger.error("the server's certificate cannot be renewed", metadata: ["error": "\(error)"])
        }
    }
}
