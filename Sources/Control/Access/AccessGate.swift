internal import HTTP
internal import Logging
internal import NIOCore
internal import RPC
internal import SluiceAPI
internal import Store
internal import Transport
internal import Units

/// Stands before every call: finds out who calls, refuses who may not, ends long calls when the right to them ends, and
/// writes the audit log.
struct AccessGate: Sendable {
    let registry: AccessRegistry
    /// False where control runs in plaintext: everyone may do everything.
    let isGuarded: Bool
    let store: any ControlStore
    let clock: WallClock
    /// The paths of methods whose calls last: they stream, or wait.
    let lasting: Set<String>
    /// How long after its end a node's certificate is still good for a new one.
    let renewalGrace: Duration
    let logger: Logger
    private let refusals = RefusalLog()

    init(
        registry: AccessRegistry,
        isGuarded: Bool,
        store: any ControlStore,
        clock: WallClock,
        lasting: Set<String>,
        renewalGrace: Duration = ControlSecurity.renewalGrace,
        logger: Logger
    ) {
        self.registry = registry
        self.isGuarded = isGuarded
        self.store = store
        self.clock = clock
        self.lasting = lasting
        self.renewalGrace = renewalGrace
        self.logger = logger
    }

    /// The interceptor of the RPC server.
    func pass(_ context: RPCServerContext, _ proceed: @escaping @Sendable () async throws -> Void) async throws {
        let rule = AccessTable.rule(context.path)
        let (principal, endsAt): (AccessPrincipal, Int64?)
        do {
            (principal, endsAt) = try await identify(context, rule)
        } catch {
            noteRefusal(context, error)
            throw error
        }
        await noteCertificate(of: principal, context)
        do {
            try Self.check(principal, rule)
            try await AccessPrincipal.$current.withValue(principal) {
                if lasting.contains(context.path), endsAt != nil || principal != .everyone {
                    try await untilRevoked(principal, endsAt, context, rule, proceed)
                } else {
                    try await proceed()
                }
            }
        } catch {
            let told = told(error, context)
            await record(context, rule, principal, RPCError(thrown: told).code)
            throw told
        }
        await record(context, rule, principal, .ok)
    }

    /// What the caller hears of an error. The store's say more in the log.
    private func told(_ error: any Error, _ context: RPCServerContext) -> any Error {
        guard let error = error as? StoreError else { return error }
        logger.error("the store did not do as asked", metadata: ["rpc": "\(context.path)", "error": "\(error)"])
        return UserError(error)
    }

    /// Somebody without the right credentials: in the log, of each peer once in a while, and not in the audit log, which
    /// strangers could fill.
    private func noteRefusal(_ context: RPCServerContext, _ error: any Error) {
        let peer = Self.peer(context)
        guard let count = refusals.refused(peer, at: BootClock.now()) else { return }
        logger.notice(
            "a call was refused",
            metadata: ["rpc": "\(context.path)", "peer": "\(peer)", "error": "\(error)", "times": "\(count)"]
        )
    }

    /// Keeps which certificate a node has: an authority cannot go before those by it have. A node that does without is no
    /// worse off for that, so it goes on where this cannot be stored.
    private func noteCertificate(of principal: AccessPrincipal, _ context: RPCServerContext) async {
        guard case .node(let node, _) = principal, let peer = context.peer, await registry.isNew(peer, of: node) else {
            return
        }
        do {
            try await registry.enrollmentChanges.perform(node) {
                try await store.certificateShown(by: node, authority: peer.authority, endsAt: peer.notAfter * 1000)
                await registry.certificateShown(peer, by: node)
            }
        } catch {
            logger.error("the certificate of \(node) cannot be noted", metadata: ["error": "\(error)"])
        }
    }

    private func identify(
        _ context: RPCServerContext,
        _ rule: AccessRule
    ) async throws -> (principal: AccessPrincipal, endsAt: Int64?) {
        guard isGuarded else { return (.everyone, nil) }
        switch rule.caller {
        case .anyone: return (.nobody, nil)
        case .node:
            // A node that could not renew in time, because control was away or it was, does so once they meet again.
            let grace = context.path == AccessTable.renewal ? renewalGrace : .zero
            return try await registry.node(context.peer, within: grace)
        case .user:
            guard let text = Self.bearer(context.metadata.text("authorization")) else {
                throw UserError(
                    .unauthenticated,
                    "this needs an API token",
                    hint: "Send \"authorization: Bearer TOKEN\", or use a context that has one."
                )
            }
            return try await registry.user(bearing: text)
        }
    }

    /// The token of an `authorization` value (RFC 6750 section 2.1).
    private static func bearer(_ value: String?) -> String? {
        guard let value, value.lowercased().hasPrefix("bearer ") else { return nil }
        return String(value.dropFirst(7).drop { $0 == " " })
    }

    private static func check(_ principal: AccessPrincipal, _ rule: AccessRule) throws(UserError) {
        guard case .user(let id, let role) = principal, case .user(let needed) = rule.caller, role < needed else {
            return
        }
        throw UserError(
            .permissionDenied,
            "the token \(id) has the role \(role.rawValue), and this needs \(needed.rawValue)"
        )
    }

    private func untilRevoked(
        _ principal: AccessPrincipal,
        _ endsAt: Int64?,
        _ context: RPCServerContext,
        _ rule: AccessRule,
        _ proceed: @escaping @Sendable () async throws -> Void
    ) async throws {
        let authority: [UInt8]? = if case .node = principal { context.peer?.authority } else { nil }
        let (number, end) = await registry.callBegan(principal, endsAt: endsAt, authority: authority)
        let result: Result<Void, any Error>
        do {
            // Once more: what was revoked since the first look, and before the call was known, ended nothing.
            _ = try await identify(context, rule)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await proceed() }
                group.addTask {
                    for await reason in end { throw reason }
                }
                defer { group.cancelAll() }
                try await group.next()
            }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await registry.callEnded(number)
        try result.get()
    }

    // MARK: The audit log

    private func record(
        _ context: RPCServerContext,
        _ rule: AccessRule,
        _ principal: AccessPrincipal,
        _ outcome: RPCStatusCode
    ) async {
        guard rule.isAudited else { return }
        // Callers without credentials are not in it at all.
        if principal == .nobody, outcome != .ok { return noteRefusal(context, RPCError(outcome)) }
        let entry = AuditEntry(
            time: clock.milliseconds(),
            principal: principal.text,
            method: String(context.path.dropFirst()),
            resource: Self.resource(context),
            outcome: outcome.name,
            peer: Self.peer(context)
        )
        let store = store
        do {
            // A task of its own: a caller who goes away, and so cancels this one, must not keep the entry out.
            try await Task { try await store.appendAudit(entry) }.value
        } catch {
            logger.error("the audit log cannot be written", metadata: ["error": "\(error)", "rpc": "\(context.path)"])
        }
    }

    private static func peer(_ context: RPCServerContext) -> String {
        guard let address = context.remoteAddress else { return "" }
        return address.ipAddress ?? "\(address)"
    }

    /// What the call was about: the name in the response, or in the request.
    private static func resource(_ context: RPCServerContext) -> String {
        let found = name(context.response?.json) ?? name(context.request?.json) ?? ""
        return String(found.prefix(256))
    }

    /// `name` of the message, or of a message in it.
    private static func name(_ json: JSONValue?) -> String? {
        guard case .object(let members)? = json else { return nil }
        if case .string(let name)? = json?["name"], !name.isEmpty { return name }
        for member in members {
            if case .string(let name)? = member.value["name"], !name.isEmpty { return name }
        }
        return nil
    }
}
