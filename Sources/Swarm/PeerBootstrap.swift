internal import NIOCore
internal import NIOPosix
internal import Synchronization
internal import Units

/// Makes a channel a peer's connection; the one place that dials.
enum PeerBootstrap {
    /// What is known of a peer that we dial.
    final class Outgoing: Sendable {
        let swarm: BlobSwarm
        let infoHash: InfoHash
        let kind: PeerKind
        let address: SocketAddress
        private let isOver = Atomic(false)

        init(swarm: BlobSwarm, infoHash: InfoHash, kind: PeerKind, address: SocketAddress) {
            self.swarm = swarm
            self.infoHash = infoHash
            self.kind = kind
            self.address = address
        }

        /// No handshake came about. Where connecting fails both the channel and who asked for it say so: it counts once.
        func handshakeFailed() {
            guard !isOver.exchange(true, ordering: .relaxed) else { return }
            swarm.handshakeFailed(address)
        }
    }

    static func install(on channel: any Channel, session: SwarmSession, outgoing: Outgoing?) -> EventLoopFuture<Void> {
        channel.eventLoop.submit {
            if let options = channel.syncOptions {
                try options.setOption(.writeBufferWaterMark, value: water(Limits.smallestWaterBytes))
                try? options.setOption(.tcpOption(notSentLowWater), value: Limits.unsentBytes)
                try options.setOption(.autoRead, value: true)
                try? options.setOption(.tcpOption(.tcp_nodelay), value: 1)
                // One read mostly takes all there is; another to hear so would cost as much.
                try options.setOption(.maxMessagesPerRead, value: 1)
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

    /// TCP_NOTSENT_LOWAT: what waits in the kernel cannot be overtaken by a HAVE.
    private static let notSentLowWater = NIOBSDSocket.Option(rawValue: 25)

    /// Writing pauses at `bytes`, and goes on at half of it.
    static func water(_ bytes: Int) -> ChannelOptions.Types.WriteBufferWaterMark {
        ChannelOptions.Types.WriteBufferWaterMark(low: bytes / 2, high: bytes)
    }

    static func dial(_ outgoing: Outgoing, session: SwarmSession) {
        ClientBootstrap(group: session.group)
            .connectTimeout(.seconds(Limits.handshakeSeconds))
            .channelInitializer { install(on: $0, session: session, outgoing: outgoing) }
            .connect(to: outgoing.address)
            .whenFailure { _ in outgoing.handshakeFailed() }
    }
}
