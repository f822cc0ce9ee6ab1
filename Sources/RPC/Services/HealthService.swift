/// `grpc.health.v1.Health` over an `RPCHealth`.
struct HealthService: RPCService {
    static let serviceName = "grpc.health.v1.Health"
    static let fileDescriptors = [ServiceDescriptors.health]
    private let health: RPCHealth

    init(_ health: RPCHealth) {
        self.health = health
    }

    var handlers: [RPCHandler] {
        let check = RPCMethod<HealthCheckRequest, HealthCheckResponse>(
            service: Self.serviceName,
            name: "Check",
            kind: .unary
        )
        let watch = RPCMethod<HealthCheckRequest, HealthCheckResponse>(
            service: Self.serviceName,
            name: "Watch",
            kind: .serverStreaming
        )
        return [
            .unary(check) { [health] request, _ in
                guard let status = health.status(of: request.service) else {
                    throw RPCError(.notFound, "unknown service \(request.service)")
                }
                return HealthCheckResponse(status: status.rawValue)
            },
            .serverStreaming(watch) { [health] request, writer, _ in
                // An unknown service is told as SERVICE_UNKNOWN and may become known; the call goes on.
                for await status in health.updates(of: request.service) {
                    try await writer.write(HealthCheckResponse(status: status.rawValue))
                }
            },
        ]
    }
}
