package import HTTP
package import Logging
internal import NIOCore

/// Serves gRPC calls, health and reflection among them, on HTTP/2 requests; passes on what is not gRPC.
package final class RPCServer: HTTPRequestHandler {
    private let handlers: [String: RPCHandler]
    private let services: Set<String>
    private let limits: RPCLimits
    private let interceptor: RPCInterceptor?
    private let gateway: WebGateway?
    private let fallback: (any HTTPRequestHandler)?
    private let hosts: AllowedHosts?
    private let logger: Logger

    /// A server of `services`. `health` is served as `grpc.health.v1.Health`; with `reflection`, both versions of the
    /// reflection service are. `interceptor` runs around every call, by whatever protocol it came.
    /// With `web`, plain HTTP reaches the methods too: as resources in JSON, by the Connect protocol, by gRPC-Web.
    /// `hosts` are those under which it answers; nil for any, as with TLS, whose certificate says it.
    /// `fallback` takes every request that is none of these; without one those get 415, or 404 with `web`.
    package init(
        services: [any RPCService],
        health: RPCHealth = RPCHealth(),
        reflection: Bool = true,
        limits: RPCLimits = RPCLimits(),
        interceptor: RPCInterceptor? = nil,
        web: WebOptions? = nil,
        fallback: (any HTTPRequestHandler)? = nil,
        hosts: AllowedHosts? = nil,
        logger: Logger
    ) {
        var all = services
        all.append(HealthService(health))
        if reflection {
            let answers = ReflectionAnswers(describing: all)
            all.append(ReflectionService<ReflectionVersion1>(answers))
            all.append(ReflectionService<ReflectionVersion1Alpha>(answers))
        }
        for service in all { health.register(type(of: service).serviceName) }
        var handlers: [String: RPCHandler] = [:]
        for service in all {
            for handler in service.handlers {
                let previous = handlers.updateValue(handler, forKey: handler.path)
                precondition(previous == nil, "two handlers for \(handler.path)")
            }
        }
        self.handlers = handlers
        self.services = Set(all.map { type(of: $0).serviceName })
        self.limits = limits
        self.interceptor = interceptor
        self.gateway = web.map { options in
            WebGateway(
                handlers: handlers,
                interceptor: interceptor,
                limits: limits,
                options: options,
                logger: logger
            )
        }
        self.fallback = fallback
        self.hosts = hosts
        self.logger = logger
    }

    package func handle(_ request: HTTPServerRequest) async {
        guard let (call, handler) = call(for: request) else { return await handleOther(request) }
        await call.serve(handler)
    }

    /// The call that a request makes of a method we have; nil for any other request. Not part of `handle`, whose task keeps
    /// room for all that it ever held, and lives as long as the call.
    @inline(never) private func call(for request: HTTPServerRequest) -> (ServerCall, RPCHandler)? {
        guard request.isHTTP2, isAllowed(request),
            case .call(let head) = RPCRequestHead.admit(request.head, limits: limits),
            let handler = handlers[head.path]
        else { return nil }
        let call = ServerCall(
            wire: request,
            head: head,
            kind: handler.kind,
            limits: limits,
            interceptor: interceptor,
            logger: logger
        )
        return (call, handler)
    }

    private func isAllowed(_ request: HTTPServerRequest) -> Bool { hosts?.allows(request.head.authority) ?? true }

    /// A host that is not ours: said in the words of gRPC where the request is a call, else as plain HTTP.
    private func refuseHost(of request: HTTPServerRequest) async {
        let sentence = "this server does not answer under that host name; --name adds one"
        if request.isHTTP2, case .call = RPCRequestHead.admit(request.head, limits: limits) {
            return await answerOnly(.trailersOnly(RPCStatus(.permissionDenied, sentence)), to: request)
        }
        var head = HTTPResponseHead(status: 403)
        head.fields.append("content-type", "text/plain; charset=utf-8")
        do throws(HTTPError) {
            try await request.respond(head)
            try await request.write(ByteBuffer(string: sentence + "\n"))
            try await request.finish(trailers: nil)
        } catch {
            logger.debug("a request ended before its answer was sent", metadata: ["reason": "\(error)"])
        }
    }

    @inline(never) private func handleOther(_ request: HTTPServerRequest) async {
        guard isAllowed(request) else { return await refuseHost(of: request) }
        switch RPCRequestHead.admit(request.head, limits: limits) {
        case .foreign(let answer):
            if let gateway, await gateway.handle(request) { return }
            if let fallback { return await fallback.handle(request) }
            if let gateway { return await gateway.answerUnknown(request) }
            await answerOnly(answer, to: request)
        case .refused(let answer): await answerOnly(answer, to: request)
        case .call where !request.isHTTP2:
            // Trailers and streams both ways need HTTP/2.
            await answerOnly(HTTPResponseHead(status: 505, fields: HTTPFields()), to: request)
        case .call(let head): await answerOnly(.trailersOnly(unknownMethod(head.path)), to: request)
        }
    }

    private func unknownMethod(_ path: String) -> RPCStatus {
        let parts = path.split(separator: "/", maxSplits: 1)
        let service = parts.first.map(String.init) ?? ""
        guard services.contains(service) else { return RPCStatus(.unimplemented, "unknown service \(service)") }
        return RPCStatus(.unimplemented, "unknown method \(parts.last ?? "") of service \(service)")
    }

    private func answerOnly(_ head: HTTPResponseHead, to request: HTTPServerRequest) async {
        do throws(HTTPError) {
            try await request.respond(head, endStream: true)
        } catch {
            logger.debug("a request ended before its answer was sent", metadata: ["reason": "\(error)"])
        }
    }
}
