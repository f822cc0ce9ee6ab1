internal import BitTorrent
package import Logging
internal import NIOConcurrencyHelpers
package import NIOCore
package import PieceCache
internal import Synchronization
package import Transport
package import Units

/// The BitTorrent side of one process: gives inbound handshakes to the blob they name.
package final class SwarmSession: Sendable {
    private struct Registry {
        var swarms: [InfoHash: BlobSwarm] = [:]
        var pending = 0
        /// Handshakes that came before their blob, in their order.
        var early: [InfoHash: [(number: UInt64, arrived: @Sendable () -> Void)]] = [:]
        var earlyCount: UInt64 = 0
        var isClosed = false
    }
    package let group: any EventLoopGroup
    package let peerID: PeerID
    /// What leaves this process for peers of any blob.
    package let uploadShaper = RateShaper()
    let logger: Logger
    /// Where this process is, as peers are told; empty where nobody has said.
    package let site: String
    /// Where this process is reached, as peers are told (BEP 10); zero is nowhere.
    let listenPort = Atomic<UInt16>(0)
    private let registry = NIOLockedValueBox(Registry())
    private let flushRounds = NIOLockedValueBox<[ObjectIdentifier: NIOLoopBound<FlushRound>]>([:])

    /// Knows no blob yet.
    package init(group: any EventLoopGroup, peerID: PeerID, site: String = "", logger: Logger) {
        self.group = group
        self.peerID = peerID
        self.site = site
        self.logger = logger
    }

    /// Peers are told to reach us at this port.
    package func listens(at port: UInt16) { listenPort.store(port, ordering: .relaxed) }

    /// Takes a channel whose next bytes are a BitTorrent handshake; done when the handlers are in.
    @discardableResult package func accept(_ channel: any Channel) -> EventLoopFuture<Void> {
        let isTaken = registry.withLockedValue { registry in
            guard !registry.isClosed, registry.pending < Limits.pendingHandshakes else { return false }
            registry.pending += 1
            return true
        }
        guard isTaken else { return channel.close() }
        let installed = PeerBootstrap.install(on: channel, session: self, outgoing: nil)
        installed.whenFailure { [self] _ in
            // It has ended before its handler was there to say so.
            handshakeEnded()
            channel.close(promise: nil)
        }
        return installed
    }

    /// Starts to serve a blob out of its cache.
    package func join(_ blob: BlobCache, configuration: SwarmConfiguration) -> BlobSwarm {
        let swarm = BlobSwarm(cache: blob, configuration: configuration, session: self)
        if let live = configuration.liveID.flatMap({ InfoHash(bytes: $0.bytes) }) {
            swarm.addIdentity(live, torrentInfo: nil)
        }
        swarm.start()
        return swarm
    }

    /// Leaves every blob.
    package func close() async {
        let swarms = registry.withLockedValue { registry in
            registry.isClosed = true
            return Array(registry.swarms.values)
        }
        for swarm in swarms { await swarm.leave() }
    }

    /// The round of the loop that this is called on.
    func flushRound(on loop: any EventLoop) -> FlushRound {
        flushRounds.withLockedValue { rounds in
            let id = ObjectIdentifier(loop)
            if let round = rounds[id] { return round.value }
            let round = FlushRound(loop: loop)
            rounds[id] = NIOLoopBound(round, eventLoop: loop)
            return round
        }
    }

    func swarm(of infoHash: InfoHash) -> BlobSwarm? { registry.withLockedValue { $0.swarms[infoHash] } }
    func register(_ swarm: BlobSwarm, under infoHash: InfoHash) {
        let early = registry.withLockedValue { registry in
            registry.swarms[infoHash] = swarm
            return registry.early.removeValue(forKey: infoHash) ?? []
        }
        for handshake in early { handshake.arrived() }
    }

    /// Calls back once there is a swarm of this info-hash, at once where there is one now. Those who wait are pending
    /// handshakes, and few; each waits for `earlyHandshakeSeconds` of its own.
    func whenRegistered(_ infoHash: InfoHash, on loop: any EventLoop, _ arrived: @escaping @Sendable () -> Void) {
        let number: UInt64? = registry.withLockedValue { registry in
            guard registry.swarms[infoHash] == nil else { return nil }
            registry.earlyCount += 1
            registry.early[infoHash, default: []].append((registry.earlyCount, arrived))
            return registry.earlyCount
        }
        guard let number else { return arrived() }
        loop.scheduleTask(in: .seconds(Limits.earlyHandshakeSeconds)) { [self] in
            registry.withLockedValue { registry in
                registry.early[infoHash]?.removeAll { $0.number == number }
                if registry.early[infoHash]?.isEmpty == true { registry.early[infoHash] = nil }
            }
        }
    }
    func remove(_ swarm: BlobSwarm) {
        registry.withLockedValue { registry in registry.swarms = registry.swarms.filter { $0.value !== swarm } }
    }
    func remove(_ swarm: BlobSwarm, under infoHash: InfoHash) {
        registry.withLockedValue { registry in
            if registry.swarms[infoHash] === swarm { registry.swarms[infoHash] = nil }
        }
    }
    /// Whether a handshake waits for its blob.
    var hasEarlyHandshakes: Bool { registry.withLockedValue { !$0.early.isEmpty } }
    /// Inbound connections that have not said their handshake yet.
    var pendingHandshakes: Int { registry.withLockedValue { $0.pending } }
    func handshakeEnded() { registry.withLockedValue { $0.pending -= 1 } }
}
