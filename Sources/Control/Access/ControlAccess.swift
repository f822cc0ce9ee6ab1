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
    let credentials: ControlCredentials?
    let tlsSlot: TLSServerSlot?
    private let authority: ControlAuthority?
    private let names: [String]
    private let certificateLifetime: Int64
    private let renewalGrace: Duration
    private let store: any ControlStore
    private let clock: WallClock
    private let logger: Logger

    static func open(
        _ configuration: ControlConfiguration,
        _ store: any ControlStore,
        clock: WallClock,
        logger: Logger
    ) async throws -> ControlAccess {
        let registry = AccessRegistry(clock: clock)
        var opened = (
            authority: ControlAuthority?.none, slot: TLSServerSlot?.none, credentials: ControlCredentials?.none
        )
        var (names, lifetime) = ([String](), ControlSecurity.certificateLifetime)
        if case .tls(let further, let wanted) = configuration.security {
            lifetime = wanted
            names = ControlSecurity.names(listening: configuration.host, further: further)
            let authority = try ControlAuthority.open(in: configuration.dataDirectory, now: clock.seconds)
            opened.authority = authority
            opened.slot = TLSServerSlot(try authority.serverContext(names: names, now: clock.seconds))
            opened.credentials = ControlCredentials(
                authority: try authority.authority.certificate.pem,
                adminToken: try await AdminToken.ensure(
                    in: configuration.dataDirectory,
                    store,
                    now: clock.milliseconds()
                )
            )
        }
        try await registry.load(store)
        return ControlAccess(
            registry: registry,
            credentials: opened.credentials,
            tlsSlot: opened.slot,
            authority: opened.authority,
            names: names,
            certificateLifetime: lifetime.components.seconds,
            renewalGrace: configuration.renewalGrace,
            store: store,
            clock: clock,
            logger: logger
        )
    }

    var services: [any RPCService] {
        [
            JoinTokenServiceRPCService(
                JoinTokens(store: store, authority: authority?.authority.certificate, clock: clock)
            ),
            ApiTokenServiceRPCService(APITokens(store: store, registry: registry, clock: clock)),
            AuditRecordServiceRPCService(AuditRecords(store: store)),
            EnrollmentServiceRPCService(
                Enrollments(
                    store: store,
                    registry: registry,
                    authority: authority?.authority,
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
            isGuarded: authority != nil,
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
            if sweeps.isMultiple(of: Self.renewalSweeps) { renewServer() }
            try? await Task.sleep(for: Self.sweepInterval)
        }
    }

    private func renewServer() {
        guard let authority, let tlsSlot else { return }
        do {
            tlsSlot.replace(try authority.serverContext(names: names, now: clock.seconds))
        } catch {
            logger.error("the server's certificate cannot be renewed", metadata: ["error": "\(error)"])
        }
    }
}
