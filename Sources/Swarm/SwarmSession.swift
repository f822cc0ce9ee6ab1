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
        /// Handshakes that came before their blob.
        var early: [InfoHash: [@Sendable () -> Void]] = [:]
        var isClosed = false
    }
    package let group: any EventLoopGroup
    package let peerID: PeerID
    /// What leaves this process for peers of any blob.
    package let uploadShaper = RateShaper()
    let logger: Logger
    /// Where this process is reached, as peers are told (BEP 10); zero is nowhere.
    let listenPort = Atomic<UInt16>(0)
    private let registry = NIOLockedValueBox(Registry())

    /// Knows no blob yet.
    package init(group: any EventLoopGroup, peerID: PeerID, logger: Logger) {
        self.group = group
        self.peerID = peerID
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
        return PeerBootstrap.install(on: channel, session: self, outgoing: nil)
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

    func swarm(of infoHash: InfoHash) -> BlobSwarm? { registry.withLockedValue { $0.swarms[infoHash] } }
    func register(_ swarm: BlobSwarm, under infoHash: InfoHash) {
        let early = registry.withLockedValue { registry in
            registry.swarms[infoHash] = swarm
            return registry.early.removeValue(forKey: infoHash) ?? []
        }
        for arrived in early { arrived() }
    }

    /// Calls back once there is a swarm of this info-hash, at once where there is one now. Those who wait are pending
    /// handshakes, and few; after `earlyHandshakeSeconds` nobody is called any more.
    func whenRegistered(_ infoHash: InfoHash, on loop: any EventLoop, _ arrived: @escaping @Sendable () -> Void) {
        let isThere = registry.withLockedValue { registry in
            if registry.swarms[infoHash] != nil { return true }
            registry.early[infoHash, default: []].append(arrived)
            return false
        }
        guard !isThere else { return arrived() }
        loop.scheduleTask(in: .seconds(Limits.earlyHandshakeSeconds)) { [self] in
            registry.withLockedValue { _ = $0.early.removeValue(forKey: infoHash) }
        }
    }
    func remove(_ swarm: BlobSwarm) {
        registry.withLockedValue { registry in registry.swarms = registry.swarms.filter { $0.value !== swarm } }
    }
    /// Whether a handshake waits for its blob.
    var hasEarlyHandshakes: Bool { registry.withLockedValue { !$0.early.isEmpty } }
    func handshakeEnded() { registry.withLockedValue { $0.pending -= 1 } }
}
