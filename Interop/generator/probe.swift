// Uses what tools/generate makes of tenants.proto and of the method added to origins.proto; it has to compile.
import RPC

struct TenantProbe: TenantServiceServer {
    func createTenant(_ request: CreateTenantRequest, context: RPCServerContext) async throws -> CreateTenantResponse {
        var response = CreateTenantResponse()
        response.tenant = request.tenant
        response.tenant?.balance = 1
        return response
    }
    func listTenants(_ request: ListTenantsRequest, context: RPCServerContext) async throws -> ListTenantsResponse {
        let free = request.plan == .free
        var response = ListTenantsResponse()
        response.nextPageToken = free ? "free" : ""
        return response
    }
    func watchTenant(
        _ request: WatchTenantRequest,
        responses: RPCWriter<WatchTenantResponse>,
        context: RPCServerContext
    ) async throws {
        try await responses.write(WatchTenantResponse())
    }
    func promoteTenant(_ request: PromoteTenantRequest, context: RPCServerContext) async throws -> PromoteTenantResponse
    {
        PromoteTenantResponse()
    }
    func auditTenants(_ request: AuditTenantsRequest, context: RPCServerContext) async throws -> AuditTenantsResponse {
        AuditTenantsResponse()
    }
}

func probe(_ client: RPCClient) async throws -> [String] {
    var tenant = Tenant()
    tenant.retention = ProtoDuration(.seconds(30))
    tenant.identity = .email("a@b.example")
    let again = try Tenant(json: tenant.json)
    var request = CreateTenantRequest()
    request.tenant = again
    let made = try await TenantServiceClient(client).createTenant(request)
    var ping = PingOriginRequest()
    ping.name = made.tenant?.name ?? ""
    let pong = try await OriginServiceClient(client).pingOrigin(ping)
    let services: [any RPCService] = [TenantServiceRPCService(TenantProbe())]
    return [pong.name] + services.map { type(of: $0).serviceName } + GeneratedRoutes.all.map(\.template)
        + GeneratedCommands.all.map { "\($0.noun) \($0.verb)" }
}
