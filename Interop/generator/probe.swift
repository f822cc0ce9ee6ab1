// A program of what tools/generate makes of tenants.proto and of the method added to origins.proto:
// `probe serve` serves both, `probe NOUN VERB …` is their command line. SLUICE_SERVER says where.
import Foundation
import HTTP
import Logging
import NIOCore
import NIOPosix
import RPC
import Synchronization
import Transport
import Units

@main
enum Probe {
    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        do {
            if arguments.first == "serve" { try await serve() } else { try await call(arguments) }
        } catch let error as UserError {
            fail(error.sentence, error.code == .invalidArgument ? 64 : 1)
        } catch {
            fail("\(error)", 1)
        }
    }

    private static func fail(_ sentence: String, _ code: Int32) -> Never {
        FileHandle.standardError.write(Data("probe: \(sentence)\n".utf8))
        exit(code)
    }

    private static func say(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }

    private static func serve() async throws {
        let routes = GeneratedRoutes.tenants + GeneratedRoutes.origins
        let server = RPCServer(
            services: [
                TenantServiceRPCService(Tenants()), APIKeyServiceRPCService(Keys()), OriginServiceRPCService(Origins()),
            ],
            web: WebOptions(routes: routes),
            logger: Logger(label: "probe", factory: { StreamLogHandler.standardError(label: $0) })
        )
        let listener = try await Listener.bind(
            ListenerConfiguration(host: "127.0.0.1", port: 0),
            group: MultiThreadedEventLoopGroup.singleton,
            handlers: ListenerHandlers(
                http2: { HTTPServer.installHTTP2(on: $0, handler: server, limits: HTTPLimits()) },
                http1: { HTTPServer.installHTTP1(on: $0, handler: server, limits: HTTPLimits()) }
            )
        )
        say("probe listening on 127.0.0.1:\(listener.localAddress.port ?? 0)\n")
        while true { try await Task.sleep(for: .seconds(3600)) }
    }

    private static func call(_ arguments: [String]) async throws {
        let parser = CommandLineParser { path throws(UserError) in
            guard let content = FileManager.default.contents(atPath: path) else {
                throw UserError(.notFound, "\(path) cannot be read")
            }
            return Array(content)
        }
        guard case .command(let parsed) = try parser.parse(arguments) else { throw UserError(.internal, "no command") }
        let address = ProcessInfo.processInfo.environment["SLUICE_SERVER"] ?? ""
        guard let colon = address.lastIndex(of: ":"), let port = Int(address[address.index(after: colon)...]) else {
            throw UserError(.invalidArgument, "SLUICE_SERVER is HOST:PORT")
        }
        let group = MultiThreadedEventLoopGroup.singleton
        let http = try await HTTPClient.connect(host: String(address[..<colon]), port: port, group: group)
        let client = RPCClient(http: http, scheme: "http", authority: address)
        let table = ResponseTable(columns: parsed.command.columns, chosen: parsed.columns)
        var last: JSONValue?
        try await parsed.call.run(client, parsed.request) { answer in
            last = answer
            say(parsed.output == .table ? table.text(answer) : answer.text + "\n")
        }
        if let last, let ending = parsed.call.ending, ending.outcome(of: last) != .done {
            throw UserError(.internal, "\(ending.outcome(of: last))")
        }
    }
}

/// Keeps what it is given.
final class Tenants: TenantServiceServer {
    private let known = Mutex<[String: Tenant]>([:])

    private func tenant(_ name: String) throws -> Tenant {
        guard let tenant = known.withLock({ $0[name] }) else { throw RPCError(.notFound, "there is no tenant \(name)") }
        return tenant
    }
    func createTenant(_ request: CreateTenantRequest, context: RPCServerContext) async throws -> CreateTenantResponse {
        var response = CreateTenantResponse()
        response.tenant = request.tenant ?? Tenant()
        response.tenant?.balance = 1
        if request.notBefore != nil { response.tenant?.startTime = request.notBefore }
        if let made = response.tenant { known.withLock { $0[made.name] = made } }
        return response
    }
    func getTenant(_ request: GetTenantRequest, context: RPCServerContext) async throws -> GetTenantResponse {
        var response = GetTenantResponse()
        response.tenant = try tenant(request.name)
        return response
    }
    func listTenants(_ request: ListTenantsRequest, context: RPCServerContext) async throws -> ListTenantsResponse {
        var response = ListTenantsResponse()
        let like = request.like?.two?.three?.four
        response.tenants = known.withLock { $0.values.sorted { $0.name < $1.name } }
            .filter { request.plan == .unspecified || $0.plan == request.plan }
            .filter { like == nil || $0.limits == like }
        return response
    }
    func watchTenant(
        _ request: WatchTenantRequest,
        responses: RPCWriter<WatchTenantResponse>,
        context: RPCServerContext
    ) async throws {
        var response = WatchTenantResponse()
        response.tenant = try tenant(request.name)
        try await responses.write(response)
        response.tenant?.state = request.name == "unlucky" ? .failed : .done
        response.tenant?.failure = request.name == "unlucky" ? "no room" : ""
        try await responses.write(response)
    }
    func promoteTenant(_ request: PromoteTenantRequest, context: RPCServerContext) async throws -> PromoteTenantResponse
    {
        var response = PromoteTenantResponse()
        var tenant = try tenant(request.name)
        tenant.plan = request.plan
        response.tenant = tenant
        return response
    }
    func auditTenants(_ request: AuditTenantsRequest, context: RPCServerContext) async throws -> AuditTenantsResponse {
        AuditTenantsResponse()
    }
}

/// Has every key.
struct Keys: APIKeyServiceServer {
    func getAPIKey(_ request: GetAPIKeyRequest, context: RPCServerContext) async throws -> GetAPIKeyResponse {
        var response = GetAPIKeyResponse()
        response.key = APIKey()
        response.key?.name = request.name
        return response
    }
}

/// Has the method that was added; a stranger to the others.
struct Origins: OriginServiceServer {
    private let unknown = RPCError(.unimplemented, "only ping is here")

    func pingOrigin(_ request: PingOriginRequest, context: RPCServerContext) async throws -> PingOriginResponse {
        var response = PingOriginResponse()
        response.name = request.name
        response.patience = request.patience
        return response
    }
    func createOrigin(_ request: CreateOriginRequest, context: RPCServerContext) async throws -> CreateOriginResponse {
        throw unknown
    }
    func getOrigin(_ request: GetOriginRequest, context: RPCServerContext) async throws -> GetOriginResponse {
        throw unknown
    }
    func listOrigins(_ request: ListOriginsRequest, context: RPCServerContext) async throws -> ListOriginsResponse {
        throw unknown
    }
    func updateOriginLimits(
        _ request: UpdateOriginLimitsRequest,
        context: RPCServerContext
    ) async throws -> UpdateOriginLimitsResponse { throw unknown }
    func deleteOrigin(_ request: DeleteOriginRequest, context: RPCServerContext) async throws -> DeleteOriginResponse {
        throw unknown
    }
    func getOriginUsage(
        _ request: GetOriginUsageRequest,
        context: RPCServerContext
    ) async throws -> GetOriginUsageResponse { throw unknown }
}
