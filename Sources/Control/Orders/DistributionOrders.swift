internal import RPC
internal import SluiceAPI
internal import Store
internal import Units

/// Accepts orders and tells how they stand: the server of `DistributionService`.
struct DistributionOrders: DistributionServiceServer {
    let checks: OrderChecks
    let fleet: Fleet
    let store: any ControlStore

    func createDistribution(
        _ request: CreateDistributionRequest,
        context: RPCServerContext
    ) async throws -> CreateDistributionResponse {
        guard let asked = request.distribution else {
            throw UserError(.invalidArgument, "no distribution was given")
        }
        guard request.requestId.utf8.count <= 128 else {
            throw UserError(.invalidArgument, "a request id is at most 128 bytes")
        }
        var response = CreateDistributionResponse()
        if !request.requestId.isEmpty, let known = try await store.distribution(requestID: request.requestId) {
            response.distribution = try await fleet.distribution(known.id)
            return response
        }
        response.distribution = try await aside {
            let order = try await checks.check(asked)
            return request.validateOnly
                ? order.distribution : try await fleet.create(order, requestID: request.requestId)
        }
        return response
    }

    /// Not on the event loop that a call came by: to deal with a hundred thousand targets takes a while.
    private func aside<Answer: Sendable>(_ body: @Sendable () async throws -> Answer) async throws -> Answer {
        try await withTaskExecutorPreference(globalConcurrentExecutor) { try await body() }
    }

    func getDistribution(
        _ request: GetDistributionRequest,
        context: RPCServerContext
    ) async throws -> GetDistributionResponse {
        var response = GetDistributionResponse()
        let id = try Self.id(request.name)
        response.distribution = try await aside { try await fleet.distribution(id) }
        return response
    }

    func listDistributions(
        _ request: ListDistributionsRequest,
        context: RPCServerContext
    ) async throws -> ListDistributionsResponse {
        try await ListDistributionsResponse(request) { page throws(StoreError) in
            try await store.distributions(page)
        } show: { response, records in
            for record in records {
                var distribution = try await aside { try await fleet.distribution(record.id) }
                distribution.targets = []
                distribution.relays = []
                response.distributions.append(distribution)
            }
        }
    }

    func watchDistribution(
        _ request: WatchDistributionRequest,
        responses: RPCWriter<WatchDistributionResponse>,
        context: RPCServerContext
    ) async throws {
        let id = try Self.id(request.name)
        for await distribution in try await aside({ try await fleet.watch(id) }) {
            var response = WatchDistributionResponse()
            response.distribution = distribution
            try await responses.write(response)
        }
    }

    func cancelDistribution(
        _ request: CancelDistributionRequest,
        context: RPCServerContext
    ) async throws -> CancelDistributionResponse {
        var response = CancelDistributionResponse()
        let id = try Self.id(request.name)
        response.distribution = try await aside { try await fleet.cancel(id) }
        return response
    }

    func rehashDistribution(
        _ request: RehashDistributionRequest,
        context: RPCServerContext
    ) async throws -> RehashDistributionResponse {
        var response = RehashDistributionResponse()
        let id = try Self.id(request.name)
        response.distribution = try await aside { try await fleet.rehash(id) }
        return response
    }

    func getTorrent(_ request: GetTorrentRequest, context: RPCServerContext) async throws -> GetTorrentResponse {
        guard let record = try await store.distribution(try Self.id(request.name)) else {
            throw UserError(.notFound, "no distribution is named \(request.name)")
        }
        guard let blob = try await store.blob(record.blob), !blob.finishedTorrent.isEmpty else {
            throw UserError(
                .failedPrecondition,
                "the torrent of \(request.name) is not finished yet",
                hint: "It is there once a relay has pulled the whole file."
            )
        }
        var response = GetTorrentResponse()
        let published = try PublishedTorrent(of: blob, hybrid: request.version == .hybrid)
        response.torrent = published.content
        response.magnetLink = published.magnetLink
        return response
    }

    private static func id(_ name: String) throws -> DistributionID {
        guard let id = DistributionID(name) else {
            throw UserError(.notFound, "no distribution is named \(name)")
        }
        return id
    }
}
