package import NIOCore
internal import Synchronization
package import Transport

/// One HTTP/2 connection of ours, for any number of requests at once.
package final class HTTPClient: Sendable {
    private let channel: any Channel
    private let handler: NIOLoopBound<HTTP2Handler>
    private let takesStreams: SharedFlag

    private init(
        channel: any Channel,
        handler: NIOLoopBound<HTTP2Handler>,
        takesStreams: SharedFlag
    ) {
        self.channel = channel
        self.handler = handler
        self.takesStreams = takesStreams
    }

    /// Connects, with prior knowledge where `tls` is nil, by ALPN `h2` otherwise.
    package static func connect(
        host: String,
        port: Int,
        tls: TLSClientContext? = nil,
        timeout: Duration = .seconds(10),
        group: any EventLoopGroup,
        limits: HTTPLimits = .client,
        liveness: TCPLiveness = TCPLiveness()
    ) async throws(HTTPError) -> HTTPClient {
        do {
            let connected = try await Dialer.connect(
                host: host,
                port: port,
                tls: tls,
                alpn: ["h2"],
                timeout: timeout,
                group: group,
                liveness: liveness
            ) { channel in
                let session = try HTTP2Session(isServer: false, limits: limits)
                let http2 = HTTP2Handler(session: session, loop: channel.eventLoop) { _, _, _, _ in nil }
                try channel.pipeline.syncOperations.addHandler(http2)
                return (NIOLoopBound(http2, eventLoop: channel.eventLoop), http2.takesStreams)
            }
            return HTTPClient(
                channel: connected.channel,
                handler: connected.result.0,
                takesStreams: connected.result.1
            )
        } catch {
            throw HTTPError(.connect, "\(host):\(port) cannot be reached: \(error)")
        }
    }

    /// Opens a stream and sends the request's head. With `patience` a server that says nothing for longer fails it with
    /// `timedOut`.
    package func request(
        _ head: HTTPRequestHead,
        endStream: Bool,
        patience: HTTPPatience? = nil
    ) async throws(HTTPError) -> HTTPClientStream {
        let handler = handler
        let loop = channel.eventLoop
        let outcome = loop.submit { () -> Result<StreamExchange, HTTPError> in
            do throws(HTTPError) {
                return .success(
                    try handler.value.open(head, endStream: endStream, patience: patience) { stream in
                        let transport = HTTP2StreamTransport(stream: stream, handler: handler, loop: loop)
                        let room = handler.value.room
                        return StreamExchange(transport: transport, room: room, isOutboundEnded: endStream)
                    }
                )
            } catch {
                return .failure(error)
            }
        }
        let exchange: Result<StreamExchange, HTTPError>
        do {
            exchange = try await outcome.get()
        } catch {
            throw HTTPError(.connectionClosed, "the connection's loop has ended")
        }
        return HTTPClientStream(exchange: try exchange.get())
    }

    /// Whether the connection still takes requests: it stands, and the server has not sent GOAWAY.
    package var isActive: Bool { channel.isActive && takesStreams.load() }

    /// Completes when the connection has ended.
    package func closed() async { try? await channel.closeFuture.get() }

    /// Ends the connection and what is under way on it.
    package func close() async {
        let handler = handler
        channel.eventLoop.execute { handler.value.end() }
        try? await channel.closeFuture.get()
    }
}
