internal import NIOCore
internal import NIOPosix
internal import Units

/// Makes a channel a peer's connection; the one place that dials.
enum PeerBootstrap {
    /// What is known of a peer that we dial.
    struct Outgoing: Sendable {
        let swarm: BlobSwarm
        let infoHash: InfoHash
        let kind: PeerKind
        let address: SocketAddress
    }

    static func install(on channel: any Channel, session: SwarmSession, outgoing: Outgoing?) -> EventLoopFuture<Void> {
        channel.eventLoop.submit {
            let water = ChannelOptions.Types.WriteBufferWaterMark(
                low: Limits.lowWaterBytes,
                high: Limits.highWaterBytes
            )
            if let options = channel.syncOptions {
                try options.setOption(.writeBufferWaterMark, value: water)
                try options.setOption(.autoRead, value: true)
                try? options.setOption(.tcpOption(.tcp_nodelay), value: 1)
                try options.setOption(
                    .recvAllocator,
                    value: AdaptiveRecvByteBufferAllocator(
                        minimum: 4_096,
                        initial: 65_536,
                        maximum: 262_144
                    )
                )
            }
            try channel.pipeline.syncOperations.addHandler(PeerHandler(session: session, outgoing: outgoing))
        }
    }

    static func dial(_ outgoing: Outgoing, session: SwarmSession) {
        ClientBootstrap(group: session.group)
            .connectTimeout(.seconds(Limits.handshakeSeconds))
            .channelInitializer { install(on: $0, session: session, outgoing: outgoing) }
            .connect(to: outgoing.address)
            .whenFailure { _ in outgoing.swarm.handshakeFailed(outgoing.address) }
    }
}
