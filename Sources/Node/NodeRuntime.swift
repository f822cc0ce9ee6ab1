internal import FoundationEssentials
internal import HTTP
internal import Logging
internal import Manifest
internal import NIOCore
internal import NIOPosix
internal import OriginClient
internal import PieceCache
internal import SluiceAPI
internal import Swarm
internal import Transport
internal import Units

/// What a relay and an agent have in common: identity, cache, swarms, one listener, the link to control, and the right
/// to touch origins.
struct NodeRuntime: Sendable {
    let configuration: NodeConfiguration
    let identity: NodeIdentity
    let seeds: SeedSource
    let cache: PieceCache
    let session: SwarmSession
    let catalog: BlobCatalog
    let tracker: TrackerEndpoint
    let listener: Listener
    let reach: NodeReach
    let link: ControlLink
    let statuses: StatusBoard
    let origins: OriginAccess
    let originClient: OriginClient
    /// For times of the day.
    var clock = WallClock.system
    let logger: Logger

    /// Threads that hash and touch the disk.
    static let poolThreads = 4

    static func start(
        _ configuration: NodeConfiguration,
        role: NodeRole,
        logger: Logger
    ) async throws -> NodeRuntime {
        let identity = try NodeIdentity.load(
            from: configuration.dataDirectory,
            name: configuration.name,
            prefix: role == .relay ? "relay" : "agent"
        )
        var logger = logger
        logger[metadataKey: "node"] = "\(identity.name)"
        let endpoint = try await endpoint(configuration, identity, role, logger)
        let cache = try cache(configuration, logger)
        let group = MultiThreadedEventLoopGroup.singleton
        let seeds = SeedSource(configuration.seed, name: identity.name.text)
        var generator = seeds.generatorFromHere()
        let session = SwarmSession(
            group: group,
            peerID: .random(using: &generator),
            site: configuration.labels.first { $0.key == "site" }?.value ?? "",
            logger: logger
        )
        session.uploadShaper.limit(to: configuration.uploadLimit)
        let catalog = BlobCatalog()
        let tracker = TrackerEndpoint(seed: seeds.next())
        let rule = PlainHTTPRule(isOpen: configuration.servesPlainHTTP)
        let router = NodeRouter(catalog: catalog, tracker: tracker, plainHTTP: rule, logger: logger)
        let listener = try await listen(configuration, endpoint.credentials?.serverSlot, group, router, session)
        let reach = try NodeReach(bound: listener.localAddress, configuration: configuration)
        session.listens(at: UInt16(clamping: reach.port))
        let link = ControlLink(
            endpoint: endpoint,
            transport: configuration.controlTransport,
            seed: seeds.next(),
            logger: logger
        )
        return NodeRuntime(
            configuration: configuration,
            identity: identity,
            seeds: seeds,
            cache: cache,
            session: session,
            catalog: catalog,
            tracker: tracker,
            listener: listener,
            reach: reach,
            link: link,
            statuses: StatusBoard(link: link),
            origins: OriginAccess { link.send($0) },
            originClient: try OriginClient(logger: logger),
            logger: logger
        )
    }

    private static func cache(_ configuration: NodeConfiguration, _ logger: Logger) throws -> PieceCache {
        let pool = NIOThreadPool(numberOfThreads: poolThreads)
        pool.start()
        return try PieceCache(
            directory: "\(configuration.dataDirectory)/cache",
            limits: configuration.cacheLimits,
            pool: pool,
            logger: logger
        )
    }

    /// How control is reached: with credentials, which are got first, unless plaintext was asked for.
    private static func endpoint(
        _ configuration: NodeConfiguration,
        _ identity: NodeIdentity,
        _ role: NodeRole,
        _ logger: Logger
    ) async throws -> ControlEndpoint {
        var endpoint = ControlEndpoint(host: configuration.controlHost, port: configuration.controlPort)
        guard case .enrolled(let joinToken) = configuration.security else { return endpoint }
        let enrollment = NodeEnrollment(
            endpoint: endpoint,
            folder: configuration.dataDirectory,
            name: NodeCertificateName(node: identity.name, role: role),
            logger: logger
        )
        endpoint.credentials = try await enrollment.credentials(joinToken: joinToken)
        return endpoint
    }

    /// What renews the node's certificate.
    func enrollment(_ role: NodeRole) -> NodeEnrollment {
        NodeEnrollment(
            endpoint: link.endpoint,
            folder: configuration.dataDirectory,
            name: NodeCertificateName(node: identity.name, role: role),
            logger: logger
        )
    }

    // Not inlined: Swift 6.3.1 crashes in release where this becomes part of `start`.
    @inline(never) private static func listen(
        _ configuration: NodeConfiguration,
        _ tlsSlot: TLSServerSlot?,
        _ group: any EventLoopGroup,
        _ router: NodeRouter,
        _ session: SwarmSession
    ) async throws -> Listener {
        var listening = ListenerConfiguration(host: configuration.host, port: configuration.port)
        listening.handshakes = configuration.handshakes
        listening.liveness = TCPLiveness(stall: configuration.httpLimits.stallDeadline)
        listening.whenRefused = { [logger = router.logger] in logger.warning("\($0)") }
        let limits = configuration.httpLimits
        if let certificate = configuration.tlsCertificatePath, let key = configuration.tlsKeyPath {
            let named = tlsSlot.map { TLSNamedSlot(name: NodeCertificateName.serverName, slot: $0) }
            listening.tls = try TLSServerContext(certificateFile: certificate, keyFile: key, named: named)
        } else {
            listening.tlsSlot = tlsSlot
        }
        do {
            return try await Listener.bind(
                listening,
                group: group,
                handlers: ListenerHandlers(
                    http2: { HTTPServer.installHTTP2(on: $0, handler: router, limits: limits) },
                    http1: { HTTPServer.installHTTP1(on: $0, handler: router, limits: limits) },
                    bitTorrent: { session.accept($0) }
                )
            )
        } catch {
            throw UserError(.unavailable, "cannot listen on \(configuration.host):\(configuration.port): \(error)")
        }
    }

    /// Where it listens, as logs say it.
    var listening: String {
        let bound = listener.localAddress
        return URLAuthority.text(bound.ipAddress ?? configuration.host, bound.port ?? 0)
    }

    /// What control is told when the stream comes up.
    func hello(role: NodeRole, tasks: [TaskAck]) -> [ConnectRequest.Message] {
        var node = Node()
        node.name = identity.name.text
        node.role = role
        node.labels = configuration.labels
        if configuration.tlsCertificatePath != nil || link.endpoint.credentials != nil {
            var label = Label()
            label.key = "tls"
            label.value = "yes"
            node.labels.append(label)
        }
        node.address = reach.text
        node.servesPlainHttp = configuration.servesPlainHTTP || PlainHTTPRule.isThisMachine(listener.localAddress)
        node.version = configuration.version
        var hello = Hello()
        hello.node = node
        hello.publicKey = role == .relay ? identity.key.publicKey.bytes : []
        hello.tasks = tasks
        hello.incarnation = identity.incarnation
        return [.hello(hello)]
    }

    func close() async {
        await listener.close()
        await session.close()
        await originClient.shutdown()
    }
}
