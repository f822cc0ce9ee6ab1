package import Units

/// The server's side of a tracker: who is in which swarm (BEP 3, 7, 23). Answers are bencoded; time comes in.
package struct TrackerSwarm: Sendable {
    private struct Entry: Sendable {
        var peer: PeerAddress
        var isSeed: Bool
        var seen: BootTime
    }
    private struct Swarm: Sendable {
        var peers: [PeerID: Entry] = [:]
        var completed: UInt64 = 0
    }

    /// What clients are told to wait between announces.
    package let interval: Duration
    private var swarms: [InfoHash: Swarm] = [:]
    private var allowed: Set<InfoHash> = []
    private var generator: SeededGenerator

    /// Knows no swarm.
    package init(interval: Duration = .seconds(60), seed: UInt64) {
        self.interval = interval
        generator = SeededGenerator(seed: seed)
    }

    /// Takes announces for an info-hash from now on; others are refused. Returns false at the limit of swarms.
    @discardableResult package mutating func allow(_ infoHash: InfoHash) -> Bool {
        guard allowed.count < Limits.maximumTrackedSwarms || allowed.contains(infoHash) else { return false }
        allowed.insert(infoHash)
        return true
    }

    /// Forgets an info-hash and its peers.
    package mutating func remove(_ infoHash: InfoHash) {
        allowed.remove(infoHash)
        swarms[infoHash] = nil
    }

    /// Puts a peer in that does not announce by itself, such as this node; it ages like any other.
    package mutating func peerSeen(
        _ peer: PeerAddress,
        id: PeerID,
        isSeed: Bool,
        in infoHash: InfoHash,
        at now: BootTime
    ) {
        guard allowed.contains(infoHash) else { return }
        insert(Entry(peer: peer, isSeed: isSeed, seen: now), id, infoHash)
    }

    /// The body for an announce that came by HTTP from `source`, 4 or 16 bytes, and the announce where it is taken; a failure
    /// is a body too.
    package mutating func announced(
        query: String,
        source: [UInt8],
        at now: BootTime
    ) -> (body: [UInt8], announce: AnnounceRequest?) {
        do throws(TrackerFailure) {
            let announce = try AnnounceRequest(query: query)
            return (try announced(announce, source: source, at: now), announce)
        } catch {
            return (error.response, nil)
        }
    }

    /// The body for an announce.
    package mutating func announced(
        _ request: AnnounceRequest,
        source: [UInt8],
        at now: BootTime
    ) throws(TrackerFailure) -> [UInt8] {
        guard allowed.contains(request.infoHash) else { throw TrackerFailure("unknown info_hash") }
        guard let peer = PeerAddress(address: Self.unmapped(source), port: request.port) else {
            throw TrackerFailure("unknown address")
        }
        expire(request.infoHash, at: now)
        if request.event == .stopped {
            swarms[request.infoHash]?.peers[request.peerID] = nil
        } else {
            if request.event == .completed { swarms[request.infoHash, default: Swarm()].completed += 1 }
            let entry = Entry(peer: peer, isSeed: request.left == .zero, seen: now)
            insert(entry, request.peerID, request.infoHash)
        }
        return response(to: request)
    }

    /// How many peers a swarm has.
    package func peerCount(of infoHash: InfoHash) -> Int { swarms[infoHash]?.peers.count ?? 0 }

    private mutating func insert(_ entry: Entry, _ id: PeerID, _ infoHash: InfoHash) {
        var swarm = swarms[infoHash] ?? Swarm()
        guard swarm.peers[id] != nil || swarm.peers.count < Limits.maximumTrackedPeers else { return }
        swarm.peers[id] = entry
        swarms[infoHash] = swarm
    }

    /// Two missed announces end a peer's stay.
    private mutating func expire(_ infoHash: InfoHash, at now: BootTime) {
        guard let swarm = swarms[infoHash] else { return }
        let oldest = now - interval * 3
        guard swarm.peers.values.contains(where: { $0.seen < oldest }) else { return }
        swarms[infoHash]?.peers = swarm.peers.filter { $0.value.seen >= oldest }
    }

    private mutating func response(to request: AnnounceRequest) -> [UInt8] {
        let swarm = swarms[request.infoHash] ?? Swarm()
        let seeds = swarm.peers.values.count { $0.isSeed }
        // A seed has no use for other seeds.
        let wantsSeeds = request.left > .zero
        var others = swarm.peers.filter { $0.key != request.peerID && (wantsSeeds || !$0.value.isSeed) }
            .sorted { $0.key.bytes.lexicographicallyPrecedes($1.key.bytes) }
        others.shuffle(using: &generator)
        let chosen = request.event == .stopped ? [] : others.prefix(min(request.wanted, Limits.maximumPeersPerAnswer))
        var fields: [String: BencodeValue] = [
            "interval": .integer(Int64(interval.seconds)),
            "min interval": .integer(Int64(max(1, interval.seconds / 2))),
            "complete": .integer(Int64(seeds)),
            "incomplete": .integer(Int64(swarm.peers.count - seeds)),
            "downloaded": .integer(Int64(clamping: swarm.completed)),
        ]
        let addresses = chosen.map(\.value.peer)
        let v6 = addresses.filter { $0.address.count == 16 }
        if !v6.isEmpty { fields["peers6"] = .string(v6.flatMap(\.compact)) }
        if request.isCompact {
            fields["peers"] = .string(addresses.filter { $0.address.count == 4 }.flatMap(\.compact))
        } else {
            fields["peers"] = .list(
                chosen.filter { $0.value.peer.address.count == 4 }.map { id, entry in
                    .fields([
                        "peer id": .string(id.bytes),
                        "ip": .text(entry.peer.address.map { "\($0)" }.joined(separator: ".")),
                        "port": .integer(Int64(entry.peer.port)),
                    ])
                }
            )
        }
        return BencodeValue.fields(fields).encoded
    }

    /// An IPv4 address in IPv6 clothes is an IPv4 address (RFC 4291 section 2.5.5.2).
    private static func unmapped(_ source: [UInt8]) -> [UInt8] {
        let prefix = [UInt8](repeating: 0, count: 10) + [255, 255]
        return source.count == 16 && Array(source.prefix(12)) == prefix ? Array(source.suffix(4)) : source
    }
}
