internal import HTTP
internal import Logging
internal import NIOCore

/// Plain HTTP's ways to the methods of a server: resources in JSON, the Connect protocol and gRPC-Web, over HTTP/1.1
/// and HTTP/2. Each is translated to gRPC's form at the wire, so that interceptor, deadlines and limits are the same.
struct WebGateway: Sendable {
    let handlers: [String: RPCHandler]
    let interceptor: RPCInterceptor?
    let limits: RPCLimits
    let options: WebOptions
    let logger: Logger
    private let table: RouteTable
    private let crossOrigin: CrossOrigin

    init(
        handlers: [String: RPCHandler],
        interceptor: RPCInterceptor?,
        limits: RPCLimits,
        options: WebOptions,
        logger: Logger
    ) {
        for route in options.routes {
            precondition(handlers[route.rpc] != nil, "a route to \(route.rpc), which is not served")
        }
        self.handlers = handlers
        self.interceptor = interceptor
        self.limits = limits
        self.options = options
        self.logger = logger
        table = RouteTable(options.routes)
        crossOrigin = CrossOrigin(allowedOrigins: options.allowedOrigins, lifetime: options.limits.preflightLifetime)
    }

    /// Answers a request; false where it is none of ours.
    func handle(_ request: HTTPServerRequest) async -> Bool {
        let (path, query) = Self.split(request.head.path)
        let verdict = crossOrigin.verdict(request.head)
        var common = HTTPFields()
        if case .allowed(let fields) = verdict { common = fields }
        let reply = WebReply(request: request, common: common, limits: options.limits)
        do throws(HTTPError) {
            if let document = options.documents[String(path)] {
                try await give(document, reply, verdict)
            } else if let handler = handlers[String(path)] {
                try await serveMethod(handler, reply, verdict)
            } else {
                let matches = table.matches(path)
                guard !matches.isEmpty else { return false }
                try await serveResource(matches, query, reply, verdict)
            }
        } catch {
            logger.debug("a request ended before its answer was sent", metadata: ["reason": "\(error)"])
        }
        return true
    }

    /// The answer where nobody knows a path.
    func answerUnknown(_ request: HTTPServerRequest) async {
        let reply = WebReply(request: request, common: HTTPFields(), limits: options.limits)
        let (path, _) = Self.split(request.head.path)
        do throws(HTTPError) {
            let type = request.head.fields["content-type"]?.lowercased() ?? ""
            if let protocolOfCall = WebProtocol(contentType: type), protocolOfCall.isStreaming {
                return await run(unknownMethod, protocolOfCall, reply, head: RPCRequestHead(path: String(path)))
            }
            try await reply.failure(RPCStatus(.notFound, "there is nothing at \(path)"))
        } catch {
            logger.debug("a request ended before its answer was sent", metadata: ["reason": "\(error)"])
        }
    }

    // MARK: Documents and refusals

    private func give(_ document: WebDocument, _ reply: WebReply, _ verdict: CrossOrigin.Verdict)
        async throws(HTTPError)
    {
        let allow = "GET, HEAD, OPTIONS"
        switch reply.request.head.method {
        case "GET", "HEAD":
            var fields = HTTPFields()
            fields.append("content-type", document.contentType)
            try await reply.whole(200, fields, ByteBuffer(string: document.text))
        case "OPTIONS": try await answerOptions(allow, reply, verdict)
        default: try await refuseMethod(allow, reply)
        }
    }

    private func answerOptions(
        _ allow: String,
        _ reply: WebReply,
        _ verdict: CrossOrigin.Verdict
    ) async throws(HTTPError) {
        var fields = HTTPFields()
        fields.append("allow", allow)
        if case .allowed = verdict {
            fields.append(contentsOf: crossOrigin.preflight(reply.request.head, allow: allow))
        }
        try await reply.whole(204, fields, nil)
    }

    private func refuseMethod(_ allow: String, _ reply: WebReply) async throws(HTTPError) {
        var fields = HTTPFields()
        fields.append("allow", allow)
        let method = reply.request.head.method
        try await reply.failure(
            RPCStatus(.unimplemented, "\(method) is not for this path; there are \(allow)"),
            http: 405,
            fields
        )
    }

    /// A page that may not call gets nothing done: without an answer it can read, but also without an effect.
    private func refuseForeign(_ reply: WebReply) async throws(HTTPError) {
        let origin = reply.request.head.fields["origin"] ?? ""
        try await reply.failure(RPCStatus(.permissionDenied, "pages of \(origin) may not call this server"))
    }

    // MARK: Resources

    private func serveResource(
        _ matches: [RouteTable.Match],
        _ query: Substring,
        _ reply: WebReply,
        _ verdict: CrossOrigin.Verdict
    ) async throws(HTTPError) {
        let head = reply.request.head
        var methods = matches.map(\.route.method)
        if methods.contains("GET") { methods.append("HEAD") }
        methods.append("OPTIONS")
        let allow = methods.joined(separator: ", ")
        let wanted = head.method == "HEAD" ? "GET" : head.method
        if wanted == "OPTIONS" { return try await answerOptions(allow, reply, verdict) }
        guard let match = matches.first(where: { $0.route.method == wanted }), let handler = handlers[match.route.rpc]
        else { return try await refuseMethod(allow, reply) }
        if verdict == .foreign, wanted != "GET" { return try await refuseForeign(reply) }
        let body = match.route.body == .none ? nil : requestBody(reply)
        if let refusal = ResourceNegotiation.refusal(head, kind: handler.kind, hasBody: body != nil) {
            return try await reply.failure(refusal.status, http: refusal.http)
        }
        do throws(RPCError) {
            let resource = try ResourceRequest(match, query: query, limits: options.limits)
            let callHead = try RPCRequestHead(resource: handler.path, head, limits: limits)
            if handler.kind.hasSingleResponse {
                let wire = ResourceWire(resource, body: body, responseField: match.route.responseField, reply: reply)
                return await run(handler, wire, codec: .json, head: callHead)
            }
            let wire = ResourceStreamWire(
                resource,
                body: body,
                responseField: match.route.responseField,
                form: ResourceNegotiation.form(head),
                reply: reply
            )
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await wire.keepAlive(every: self.options.limits.keepAliveInterval) }
                await self.run(handler, wire, codec: .json, head: callHead)
                group.cancelAll()
            }
        } catch {
            try await reply.failure(error.status)
        }
    }

    private func requestBody(_ reply: WebReply) -> WebBody? {
        let request = reply.request
        guard WebBody.isExpected(request.head, isHTTP2: request.isHTTP2) else { return nil }
        return WebBody(request: request, limits: limits, deadline: options.limits.bodyDeadline)
    }

    // MARK: Methods by their own path

    private func serveMethod(
        _ handler: RPCHandler,
        _ reply: WebReply,
        _ verdict: CrossOrigin.Verdict
    ) async throws(HTTPError) {
        let head = reply.request.head
        let allow = "POST, OPTIONS"
        if head.method == "OPTIONS" { return try await answerOptions(allow, reply, verdict) }
        guard head.method == "POST" else { return try await refuseMethod(allow, reply) }
        if verdict == .foreign { return try await refuseForeign(reply) }
        let type = head.fields["content-type"]?.lowercased() ?? ""
        guard let call = WebProtocol(contentType: type), call.fits(handler.kind) else {
            var fields = HTTPFields()
            fields.append("accept-post", WebProtocol.contentTypes(of: handler.kind))
            let status = RPCStatus(.invalidArgument, "'\(type)' is not a content type for this method")
            return try await reply.failure(status, http: 415, fields)
        }
        switch call.admit(head, path: handler.path, limits: limits) {
        case .success(let callHead): await run(handler, call, reply, head: callHead)
        case .failure(let error):
            let refusing = RPCHandler(path: handler.path, kind: handler.kind) { _, _, _ in throw error }
            await run(refusing, call, reply, head: RPCRequestHead(path: handler.path))
        }
    }

    private func run(_ handler: RPCHandler, _ call: WebProtocol, _ reply: WebReply, head: RPCRequestHead) async {
        let wire: any CallWire
        switch call {
        case .connectUnary(_, let type):
            let body = WebBody(request: reply.request, limits: limits, deadline: options.limits.bodyDeadline)
            wire = ConnectUnaryWire(body: body, contentType: type, reply: reply)
        case .connectStream(_, let type): wire = ConnectStreamWire(reply: reply, contentType: type)
        case .grpcWeb(let isText): wire = GRPCWebWire(isText: isText, reply: reply)
        }
        await run(handler, wire, codec: call.codec, head: head)
    }

    private func run(_ handler: RPCHandler, _ wire: any CallWire, codec: MessageCodec, head: RPCRequestHead) async {
        var logger = logger
        logger[metadataKey: "rpc"] = "\(head.path)"
        let call = ServerCall(
            wire: wire,
            codec: codec,
            head: head,
            kind: handler.kind,
            limits: limits,
            interceptor: interceptor,
            logger: logger
        )
        await call.serve(handler)
    }

    private var unknownMethod: RPCHandler {
        RPCHandler(path: "", kind: .bidirectional) { _, _, context in
            throw RPCError(.unimplemented, "unknown method \(context.path)")
        }
    }

    /// Path and query.
    private static func split(_ target: String) -> (path: Substring, query: Substring) {
        guard let mark = target.firstIndex(of: "?") else { return (target[...], "") }
        return (target[..<mark], target[target.index(after: mark)...].prefix { $0 != "#" })
    }
}
