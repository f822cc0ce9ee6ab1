internal import Logging
internal import RPC
internal import SluiceAPI
internal import Store
internal import Transport
internal import Units

/// All of access control in one control server: authority, tokens, enrollment, the gate before every call.
struct ControlAccess: Sendable {
    /// How often calls are ended whose credentials have ended.
    static let sweepInterval = Duration.seconds(1)
    /// How often it is looked whether the server's certificate comes to its end, in sweeps.
    static let renewalSweeps = 3600

    let registry: AccessRegistry
    /// Nil in plaintext, as the token is.
    private let rotation: AuthorityRotation?
    private let adminToken: String?
    private let certificateLifetime: Int64
    private let renewalGrace: Duration
    private let store: any ControlStore
    private let clock: WallClock
    private let logger: Logger

    static func open(
        _ configuration: ControlConfiguration,
        _ store: any ControlStore,
        clock: WallClock,
        told: @escaping AuthorityRotation.Told,
        logger: Logger
    ) async throws -> ControlAccess {
        var registry = AccessRegistry(clock: clock)
        var lifetime = ControlSecurity.certificateLifetime
        var guarded: (rotation: AuthorityRotation, adminToken: String)?
        if case .tls(let further, let wanted) = configuration.security {
            lifetime = wanted
            let names = ControlSecurity.names(listening: configuration.host, further: further)
            let authority = try ControlAuthority.open(in: configuration.dataDirectory, now: clock.seconds)
            let authorities = authority.authorities
            let slot = TLSServerSlot(try authority.serverContext(names: names, now: clock.seconds))
            // Before it was kept which certificate a node has there was one authority.
            try await store.assumeCertificates(
                by: authorities.active.certificate.fingerprint,
                endsAt: clock.milliseconds() + lifetime.nanoseconds / 1_000_000
            )
            let token = try await AdminToken.ensure(in: configuration.dataDirectory, store, now: clock.milliseconds())
            registry = AccessRegistry(clock: clock, authorities: authorities.trusted.fingerprints)
            let rotation = AuthorityRotation(
                authority: authority,
                slot: slot,
                names: names,
                registry: registry,
                clock: clock,
                told: told,
                logger: logger
            )
            guarded = (rotation, token)
        }
        try await registry.load(store)
        return ControlAccess(
            registry: registry,
            rotation: guarded?.rotation,
            adminToken: guarded?.adminToken,
            certificateLifetime: lifetime.components.seconds,
            renewalGrace: configuration.renewalGrace,
            store: store,
            clock: clock,
            logger: logger
        )
    }

    var tlsSlot: TLSServerSlot? { rotation?.slot }

    /// What its admin needs to call this server now; nil in plaintext.
    var credentials: ControlCredentials? {
        guard let authorities, let adminToken else { return nil }
        return ControlCredentials(authority: authorities.text, adminToken: adminToken)
    }

    /// The authorities of the moment; nil in plaintext.
    var authorities: AuthoritySet? { rotation?.authority.authorities }

    var services: [any RPCService] {
        [
            JoinTokenServiceRPCService(
                JoinTokens(store: store, authority: rotation?.authority, clock: clock)
            ),
            ApiTokenServiceRPCService(APITokens(store: store, registry: registry, clock: clock)),
            AuditRecordServiceRPCService(AuditRecords(store: store)),
            AuthorityServiceRPCService(
                Authorities(
                    rotation: rotation,
                    registry: registry,
                    renewalGrace: renewalGrace,
                    clock: clock,
                    logger: logger
                )
            ),
            EnrollmentServiceRPCService(
                Enrollments(
                    store: store,
                    registry: registry,
                    authority: rotation?.authority,
                    certificateLifetime: certificateLifetime,
                    clock: clock,
                    logger: logger
                )
            ),
        ]
    }

    /// The interceptor for a server of these services.
    func interceptor(for services: [any RPCService]) -> RPCInterceptor {
        let lasting = services.flatMap(\.handlers).map { ($0.kind, $0.path) }
            .filter { kind, path in kind != .unary || AccessTable.waiting.contains(path) }
        let gate = AccessGate(
            registry: registry,
            isGuarded: rotation != nil,
            store: store,
            clock: clock,
            lasting: Set(lasting.map(\.1)),
            renewalGrace: renewalGrace,
            logger: logger
        )
        return { context, proceed in try await gate.pass(context, proceed) }
    }

    /// Watches over ends of credentials until it is cancelled.
    func run() async {
        var sweeps = 0
        while !Task.isCancelled {
            await registry.sweep()
            sweeps += 1
            if sweeps.isMultiple(of: Self.renewalSweeps) { await rotation?.renewServer() }
            try? await Task.sleep(for: Self.sweepInterval)
        }
    }
}
