internal import Logging
package import NIOCore
internal import Transport

/// Puts the server side of HTTP onto channels that are connected already.
package enum HTTPServer {
    /// HTTP/2 on a channel whose next bytes are the client's preface.
    package static func installHTTP2(
        on channel: any Channel,
        handler: any HTTPRequestHandler,
        limits: HTTPLimits = HTTPLimits(),
        isSecure: Bool = false
    ) -> EventLoopFuture<Void> {
        channel.eventLoop.preconditionInEventLoop()
        let address = channel.remoteAddress
        let peer = channel.peerCertificate.map { PeerIdentity($0) }
        let isSecure = isSecure || channel.isTLS
        let loop = channel.eventLoop
        let executor = EventLoopExecutor(loop)
        do {
            let session = try HTTP2Session(isServer: true, limits: limits)
            let http2 = HTTP2Handler(session: session, loop: loop) { connection, stream, fields, _ in
                guard let head = HTTPRequestHead(pseudo: fields, isSecure: isSecure) else { return nil }
                let transport = HTTP2StreamTransport(
                    stream: stream,
                    handler: NIOLoopBound(connection, eventLoop: loop),
                    loop: loop
                )
                let exchange = StreamExchange(transport: transport, room: connection.room)
                let request = HTTPServerRequest(
                    head: head,
                    remoteAddress: address,
                    peer: peer,
                    isHTTP2: true,
                    isSecure: isSecure,
                    exchange: exchange
                )
                let bound = NIOLoopBound(connection, eventLoop: loop)
                let task = Task(executorPreference: executor) {
                    await handler.handle(request)
                    loop.execute { bound.value.taskEnded(stream) }
                }
                // The exchange is entered into the handler's table when this closure returns.
                loop.execute { bound.value.started(task, for: stream) }
                return exchange
            }
            try channel.pipeline.syncOperations.addHandler(http2)
            return loop.makeSucceededVoidFuture()
        } catch {
            return loop.makeFailedFuture(error)
        }
    }
}

extension HTTPRequestHead {
    /// Nil where a pseudo-header is missing, doubled, or not allowed (RFC 9113 section 8.3.1).
    init?(pseudo fields: HTTPFields, isSecure: Bool) {
        guard let method = fields[":method"], let path = fields[":path"], !path.isEmpty else { return nil }
        self.init(
            method: method,
            scheme: fields[":scheme"] ?? (isSecure ? "https" : "http"),
            authority: fields[":authority"] ?? fields["host"] ?? "",
            path: path
        )
        for field in fields.fields where !field.name.hasPrefix(":") { self.fields.append(field.name, field.value) }
    }
}
