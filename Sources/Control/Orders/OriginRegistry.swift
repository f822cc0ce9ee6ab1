internal import RPC
internal import SluiceAPI
internal import Store
internal import Transport
internal import Units

/// Registers origins: the server of `OriginService`.
struct OriginRegistry: OriginServiceServer {
    /// Base URLs, and windows, of one origin at most.
    static let maximumBaseURLs = 32
    static let maximumWindows = 4

    let store: any ControlStore
    let leases: LeaseDesk
    let clock: WallClock
    /// What is stored of an origin is made known to the lease desk in the same order.
    private let changes = ChangeLine<OriginID>()

    init(store: any ControlStore, leases: LeaseDesk, clock: WallClock) {
        self.store = store
        self.leases = leases
        self.clock = clock
    }

    func createOrigin(
        _ request: CreateOriginRequest,
        context: RPCServerContext
    ) async throws -> CreateOriginResponse {
        guard var origin = request.origin else { throw UserError(.invalidArgument, "no origin was given") }
        let id = try Self.id(origin.name)
        try Self.check(origin)
        let now = clock.milliseconds()
        origin.createTime = Timestamp(milliseconds: now)
        let made = origin
        try await changes.perform(id) {
            do throws(StoreError) {
                try await store.createOrigin(OriginRecord(id: id, payload: made.encoded, createdAt: now))
            } catch {
                guard error.code == .alreadyExists else { throw error }
                throw UserError(.alreadyExists, "an origin named \(id) is registered already")
            }
            await leases.originChanged(id, limits: made.limits ?? OriginLimits())
        }
        var response = CreateOriginResponse()
        response.origin = made
        return response
    }

    func getOrigin(_ request: GetOriginRequest, context: RPCServerContext) async throws -> GetOriginResponse {
        var response = GetOriginResponse()
        response.origin = try await origin(request.name)
        return response
    }

    func listOrigins(_ request: ListOriginsRequest, context: RPCServerContext) async throws -> ListOriginsResponse {
        try await ListOriginsResponse(request) { page throws(StoreError) in
            try await store.origins(page)
        } show: { response, records in
            response.origins = try records.map { try Origin(encoded: $0.payload) }
        }
    }

    func updateOriginLimits(
        _ request: UpdateOriginLimitsRequest,
        context: RPCServerContext
    ) async throws -> UpdateOriginLimitsResponse {
        guard let limits = request.limits else {
            throw UserError(
                .invalidArgument,
                "the new limits are missing",
                hint: "They replace the old ones whole; empty ones, {\"limits\": {}}, take them all away."
            )
        }
        let id = try Self.id(request.name)
        var response = UpdateOriginLimitsResponse()
        response.origin = try await changes.perform(id) {
            var origin = try await origin(request.name)
            origin.limits = limits
            try Self.check(origin)
            try await store.updateOrigin(id, payload: origin.encoded)
            await leases.originChanged(id, limits: limits)
            return origin
        }
        return response
    }

    func deleteOrigin(
        _ request: DeleteOriginRequest,
        context: RPCServerContext
    ) async throws -> DeleteOriginResponse {
        let id = try Self.id(request.name)
        try await changes.perform(id) {
            do throws(StoreError) {
                try await store.deleteOrigin(id)
            } catch {
                switch error.code {
                case .conflict:
                    throw UserError(.failedPrecondition, "\(id) is used by a distribution that has not ended")
                case .notFound: throw UserError(.notFound, "no origin is named \(id)")
                default: throw error
                }
            }
            await leases.originRemoved(id)
        }
        return DeleteOriginResponse()
    }

    func getOriginUsage(
        _ request: GetOriginUsageRequest,
        context: RPCServerContext
    ) async throws -> GetOriginUsageResponse {
        _ = try await origin(request.name)
        let id = try Self.id(request.name)
        var response = GetOriginUsageResponse()
        let granted = await leases.granted(at: id)
        response.grantedConnections = granted.connections
        response.grantedBytesPerSecond = granted.bytesPerSecond
        response.entries = try await store.ledger(of: id).map(LedgerEntry.init)
        response.totalBytes = response.entries.reduce(0) { $0.addingSaturated($1.bytes) }
        return response
    }

    private func origin(_ name: String) async throws -> Origin {
        guard let record = try await store.origin(try Self.id(name)) else {
            throw UserError(.notFound, "no origin is named \(name)")
        }
        return try Origin(encoded: record.payload)
    }

    private static func id(_ name: String) throws -> OriginID {
        guard let id = OriginID(name) else {
            throw UserError(.invalidArgument, "an origin's name is 1 to 63 characters of a-z, 0-9 and -")
        }
        return id
    }

    /// What can be said of an origin without asking it.
    private static func check(_ origin: Origin) throws {
        guard (1...maximumBaseURLs).contains(origin.baseUrls.count) else {
            throw UserError(.invalidArgument, "an origin has 1 to \(maximumBaseURLs) base URLs")
        }
        for url in origin.baseUrls {
            let isHTTP = url.hasPrefix("http://") || url.hasPrefix("https://")
            guard isHTTP, url.utf8.count <= 2048, !url.contains("@"), !url.contains("?"), !url.contains("#") else {
                throw UserError(
                    .invalidArgument,
                    "a base URL is http:// or https:// without user, query or fragment",
                    hint: "Example: https://files.example/builds/"
                )
            }
        }
        let windows = origin.limits?.windows ?? []
        let longest = Duration.seconds(31 * 86_400)
        guard windows.count <= maximumWindows,
            windows.allSatisfy({ $0.length?.isBetween(.seconds(1), longest) ?? false })
        else {
            throw UserError(.invalidArgument, "at most 4 windows, each of a second to 31 days")
        }
    }
}
