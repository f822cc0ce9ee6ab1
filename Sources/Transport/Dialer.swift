package import NIOCore
internal import NIOPosix

/// Opens connections of ours.
package enum Dialer {
    /// A connection and what its initializer made.
    package struct Connected<Result: Sendable>: Sendable {
        package let channel: any Channel
        package let result: Result
    }

    /// Connects over TCP, and TLS where `tls` is given; the connection ends when its peer is gone for longer than `liveness`
    /// allows. `initialize` puts handlers onto the channel, on its loop,
    /// before the first byte. Over TLS the handshake goes on behind the return; a failed one closes the channel.
    package static func connect<Result: Sendable>(
        host: String,
        port: Int,
        tls: TLSClientContext? = nil,
        alpn: [String] = [],
        timeout: Duration = .seconds(10),
        group: any EventLoopGroup,
        liveness: TCPLiveness = TCPLiveness(),
        initialize: @escaping @Sendable (any Channel) throws -> Result
    ) async throws(TransportError) -> Connected<Result> {
        var bootstrap = ClientBootstrap(group: group)
            .connectTimeout(TimeAmount(timeout))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(minimum: 2048, initial: 16_384, maximum: 262_144)
            )
            .channelOption(.writeBufferWaterMark, value: .init(low: 256 << 10, high: 1 << 20))
        for (option, value) in liveness.options { bootstrap = bootstrap.channelOption(option, value: value) }
        do {
            let made: (any Channel, Result) = try await bootstrap.connect(host: host, port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try add(tls, to: channel, serverName: host, alpn: alpn, deadline: timeout) }
                    return (channel, try initialize(channel))
                }
            }
            return Connected(channel: made.0, result: made.1)
        } catch let error as TransportError {
            throw error
        } catch {
            throw TransportError(.connect, "\(error)")
        }
    }

    /// Puts TLS between the socket of a channel that is not connected yet and the handlers that are added behind it. On its
    /// loop; a handshake that fails, or takes longer than `deadline`, closes the channel.
    package static func add(
        _ tls: TLSClientContext,
        to channel: any Channel,
        serverName: String,
        alpn: [String],
        deadline: Duration
    ) throws {
        let handler = try TLSHandler(client: tls, serverName: serverName, alpn: alpn, deadline: deadline)
        try channel.pipeline.syncOperations.addHandler(handler)
    }
}
