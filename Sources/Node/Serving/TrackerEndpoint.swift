internal import BitTorrent
internal import NIOCore
internal import Synchronization
internal import Transport
internal import Units

/// The tracker of this node (BEP 3, BEP 23), for the blobs it offers.
final class TrackerEndpoint: Sendable {
    private let swarm: Mutex<TrackerSwarm>

    init(seed: UInt64) { swarm = Mutex(TrackerSwarm(interval: .seconds(15), seed: seed)) }

    func allow(_ infoHash: InfoHash) { swarm.withLock { _ = $0.allow(infoHash) } }

    func remove(_ infoHash: InfoHash) { swarm.withLock { $0.remove(infoHash) } }

    /// This node itself is a peer that others should find; it has to be said again before the tracker forgets it.
    func addSelf(_ peer: PeerAddress, _ id: PeerID, isSeed: Bool, to infoHash: InfoHash) {
        swarm.withLock { $0.peerSeen(peer, id: id, isSeed: isSeed, in: infoHash, at: BootClock.now()) }
    }

    /// The bencoded answer to an announce from an address, and the announce itself where it is taken.
    func answer(query: String, from address: SocketAddress?) -> (body: [UInt8], announce: AnnounceRequest?) {
        let source = address?.addressBytes ?? []
        return swarm.withLock { $0.announced(query: query, source: source, at: BootClock.now()) }
    }
}
