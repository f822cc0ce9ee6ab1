package import NIOCore
internal import NIOPosix
internal import Synchronization

/// A listening socket: tells the protocols of its connections apart and hands each to whom it is for.
package final class Listener: Sendable {
    private let channel: any Channel
    private let children: ChildChannels
    private let gate: HalfOpenGate

    /// Where it listens, with the port that the kernel chose.
    package let localAddress: SocketAddress

    /// Connections that were refused because their address had too many that say nothing.
    package var refusedConnections: UInt64 { gate.refused }

    private init(channel: any Channel, children: ChildChannels, gate: HalfOpenGate, localAddress: SocketAddress) {
        self.gate = gate
        self.channel = channel
        self.children = children
        self.localAddress = localAddress
    }

    /// Binds and accepts; throws `.bind` where the address cannot be had.
    package static func bind(
        _ configuration: ListenerConfiguration,
        group: any EventLoopGroup,
        handlers: ListenerHandlers
    ) async throws(TransportError) -> Listener {
        let children = ChildChannels()
        let buffers = configuration.buffers
        let gate = HalfOpenGate(configuration)
        let admissions = configuration.admissionsPerSecond
        var bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: configuration.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let admissions else { return }
                    let admission = AdmissionGate(perSecond: admissions, at: BootClock.now())
                    try channel.pipeline.syncOperations.addHandler(AdmissionHandler(gate: admission))
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(
                    minimum: buffers.smallestRead,
                    initial: buffers.firstRead,
                    maximum: buffers.largestRead
                )
            )
            .childChannelOption(
                .writeBufferWaterMark,
                value: .init(low: buffers.writeLow, high: buffers.writeHigh)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try gate.admit(channel)
                    children.add(channel)
                    try channel.pipeline.syncOperations.addHandler(
                        FirstBytesHandler(
                            handlers: handlers,
                            tls: configuration.tlsSlot?.current ?? configuration.tls,
                            requiresTLS: configuration.requiresTLS,
                            deadline: configuration.handshakes.deadline
                        )
                    )
                }
            }
        // Connections take these over from the socket that accepts them: no call for each.
        for (option, value) in configuration.liveness.options {
            bootstrap = bootstrap.serverChannelOption(option, value: value)
        }
        do {
            let channel = try await bootstrap.bind(host: configuration.host, port: configuration.port).get()
            guard let address = channel.localAddress else {
                throw TransportError(.bind, "the listening socket has no address")
            }
            return Listener(channel: channel, children: children, gate: gate, localAddress: address)
        } catch {
            throw TransportError(.bind, "\(error)")
        }
    }

    /// Stops accepting and tells the connections that are open to take nothing new.
    package func quiesce() async {
        try? await channel.close()
        children.quiesceAll()
    }

    /// Stops accepting and closes the connections that are open.
    package func close() async {
        try? await channel.close()
        await children.closeAll()
    }
}
