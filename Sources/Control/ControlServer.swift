internal import HTTP
internal import Leases
package import Logging
internal import Manifest
internal import NIOCore
internal import NIOPosix
internal import OriginClient
internal import RPC
internal import ServiceLifecycle
internal import SluiceAPI
internal import Store
internal import Transport
internal import Units

/// The control server: opens its store, takes up what had not ended, and serves until told to stop.
package struct ControlServer: Service {
    private let configuration: ControlConfiguration
    private let logger: Logger

    package init(configuration: ControlConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    /// Runs until graceful shutdown or cancellation; throws a `UserError` where it cannot start.
    package func run() async throws {
        if case .plaintext = configuration.security, configuration.allowedOrigins.contains("*") {
            throw UserError(
                .invalidArgument,
                "in plaintext everybody may do everything, so not every web page may call",
                hint: "Name the pages' origins."
            )
        }
        let store = try openStore()
        let epoch = try await store.nextControlEpoch()
        let fresh = SigningKey()
        guard let key = SigningKey(seed: try await store.settingOrInsert("signing-key", value: fresh.seed)) else {
            throw UserError(.dataLoss, "the signing key in \(configuration.dataDirectory) is damaged")
        }
        let fleet = Fleet(
            store: store,
            signingKey: key,
            heartbeatInterval: LeaseTerms(duration: configuration.leaseDuration).heartbeatInterval,
            leaseEpoch: epoch,
            clock: .system,
            logger: logger
        )
        try await fleet.load()
        let leases = LeaseDesk(
            store: store,
            epoch: epoch,
            leaseDuration: configuration.leaseDuration,
            logger: logger
        )
        try await leases.load()
        let originClient = try OriginClient(logger: logger)
        let (access, changes) = try await openAccess(store, fleet)
        let streams = NodeStreams(
            fleet: fleet,
            leases: leases,
            polls: NodePolls(),
            helloDeadline: configuration.helloDeadline,
            logger: logger
        )
        let all = services(store, streams, originClient, access)
        let health = RPCHealth()
        let listener = try await listen(server(of: all, access, health), access.tlsSlot)
        let address = listener.localAddress
        configuration.whenReady(address.ipAddress ?? configuration.host, address.port ?? 0, access.credentials)
        logger.info("control listening on \(address.ipAddress ?? configuration.host):\(address.port ?? 0)")
        configuration.whenListening(address.ipAddress ?? configuration.host, address.port ?? 0)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await access.run() }
            group.addTask { await tell(changes, of: access, at: address) }
            group.addTask { await fleet.watchReaders() }
            group.addTask { await streams.watchPolls() }
            try? await gracefulShutdown()
            group.cancelAll()
        }
        await leave(fleet, listener, health)
        await originClient.shutdown()
        try? await store.close()
    }

    /// Access control, and word each time its authorities change, behind the nodes' hearing of it.
    private func openAccess(
        _ store: any ControlStore,
        _ fleet: Fleet
    ) async throws -> (access: ControlAccess, changes: AsyncStream<Void>) {
        let (changes, announce) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let told: AuthorityRotation.Told = { authorities, renews in
            await fleet.authoritiesChanged(authorities, renews: renews)
            announce.yield()
        }
        let access = try await ControlAccess.open(configuration, store, clock: .system, told: told, logger: logger)
        if let authorities = access.authorities { await fleet.authoritiesChanged(authorities, renews: false) }
        return (access, changes)
    }

    /// Tells whoever calls this server whom to trust, each time that changes.
    private func tell(_ changes: AsyncStream<Void>, of access: ControlAccess, at address: SocketAddress) async {
        for await _ in changes {
            guard let credentials = access.credentials else { continue }
            configuration.whenTrustChanges(address.ipAddress ?? configuration.host, address.port ?? 0, credentials)
        }
    }

    /// How long whoever asks for this server's health has to hear that it leaves, before its port closes.
    private static let noticeTime = Duration.milliseconds(500)
    /// How long nodes have to take their leave.
    private static let drainTime = Duration.seconds(5)

    /// Says that it does not serve any more, takes no new calls, sends the nodes away to come back later, and ends.
    private func leave(_ fleet: Fleet, _ listener: Listener, _ health: RPCHealth) async {
        health.stopServing()
        try? await Task.sleep(for: Self.noticeTime)
        await listener.quiesce()
        await fleet.drain()
        let end = ContinuousClock.now + Self.drainTime
        while await fleet.connectedCount > 0, ContinuousClock.now < end, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(20))
        }
        await fleet.storeGathered()
        await listener.close()
        // What would be noted a moment later would find the store closed.
        await fleet.storeLastSeen()
    }

    private func openStore() throws -> any ControlStore {
        do {
            try SecretFile.makeFolder(configuration.dataDirectory)
            // The database holds the signing key. SQLite makes the files beside it with its mode.
            let path = "\(configuration.dataDirectory)/control.sqlite"
            try SecretFile.claim(path)
            for suffix in ["-wal", "-shm"] { try SecretFile.claimKept(path + suffix) }
            return try SQLiteStore(path: path)
        } catch {
            throw UserError(.permissionDenied, "\(configuration.dataDirectory) cannot be used: \(error)")
        }
    }

    private func services(
        _ store: any ControlStore,
        _ streams: NodeStreams,
        _ originClient: OriginClient,
        _ access: ControlAccess
    ) -> [any RPCService] {
        let fleet = streams.fleet
        let checks = OrderChecks(store: store, originClient: originClient, fleet: fleet)
        return [
            DistributionServiceRPCService(DistributionOrders(checks: checks, fleet: fleet, store: store)),
            OriginServiceRPCService(OriginRegistry(store: store, leases: streams.leases, clock: .system)),
            NodeServiceRPCService(
                NodeListing(fleet: fleet, store: store, registry: access.registry, polls: streams.polls)
            ),
            NodeStreamServiceRPCService(streams),
        ] + access.services
    }

    private func server(of all: [any RPCService], _ access: ControlAccess, _ health: RPCHealth) -> RPCServer {
        RPCServer(
            services: all,
            health: health,
            interceptor: access.interceptor(for: all),
            web: WebOptions(
                routes: GeneratedRoutes.all,
                documents: [
                    "/openapi.json": WebDocument(contentType: "application/json", text: GeneratedRoutes.openAPI)
                ],
                allowedOrigins: configuration.allowedOrigins
            ),
            hosts: configuration.security.hosts(listening: configuration.host),
            logger: logger
        )
    }

    private func listen(_ server: RPCServer, _ tlsSlot: TLSServerSlot?) async throws -> Listener {
        var listening = ListenerConfiguration(host: configuration.host, port: configuration.port)
        listening.tlsSlot = tlsSlot
        listening.requiresTLS = tlsSlot != nil
        listening.admissionsPerSecond = configuration.admissionsPerSecond
        listening.buffers = .messages
        listening.handshakes = configuration.handshakes
        listening.liveness = TCPLiveness(stall: configuration.httpLimits.stallDeadline)
        listening.whenRefused = { [logger] in logger.warning("\($0)") }
        let limits = configuration.httpLimits
        do {
            return try await Listener.bind(
                listening,
                group: MultiThreadedEventLoopGroup.singleton,
                handlers: ListenerHandlers(
                    http2: { HTTPServer.installHTTP2(on: $0, handler: server, limits: limits) },
                    http1: { HTTPServer.installHTTP1(on: $0, handler: server, limits: limits) }
                )
            )
        } catch {
            throw UserError(
                .unavailable,
                "cannot listen on \(configuration.host):\(configuration.port): \(error)",
                hint: "Is another control running there?"
            )
        }
    }
}
