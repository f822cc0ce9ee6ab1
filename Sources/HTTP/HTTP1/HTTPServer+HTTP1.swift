package import NIOCore
internal import NIOHTTP1
internal import Transport

extension HTTPServer {
    /// HTTP/1.1 on a channel whose next bytes are a request.
    package static func installHTTP1(
        on channel: any Channel,
        handler: any HTTPRequestHandler,
        limits: HTTPLimits = HTTPLimits(),
        isSecure: Bool = false
    ) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture {
            let http1 = HTTP1Handler(
                handler: handler,
                limits: limits,
                isSecure: isSecure || channel.isTLS,
                peer: channel.peerCertificate.map { PeerIdentity($0) },
                loop: channel.eventLoop
            )
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(HTTP1Arrivals { [weak http1] in http1?.bytesArrived() })
            try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: true, withErrorHandling: false)
            try pipeline.addHandler(http1)
        }
    }
}
