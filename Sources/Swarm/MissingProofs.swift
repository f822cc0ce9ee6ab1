internal import Units

/// Pieces that peers have and that no batch covers. Relays hand out their own batches unasked; who hears of a piece from
/// elsewhere asks for its batch, one peer at a time, so that batches do not flood the swarm. No I/O; time is an argument.
struct MissingProofs<Peer: Hashable & Sendable>: Sendable {
    /// How long a batch may be on its way from a relay before it is asked for, and how long an answer may take.
    static var patience: Duration { .milliseconds(400) }
    /// Peers remembered of one piece, the latest.
    private static var rememberedPeers: Int { 4 }

    private struct Entry {
        var peers: [Peer]
        var due: BootTime
    }

    private var entries: [PieceIndex: Entry] = [:]

    mutating func peerHas(_ peer: Peer, _ pieces: some Sequence<PieceIndex>, at now: BootTime) {
        for piece in pieces {
            var entry = entries[piece] ?? Entry(peers: [], due: now + Self.patience)
            guard !entry.peers.contains(peer) else { continue }
            if entry.peers.count == Self.rememberedPeers { entry.peers.removeFirst() }
            entry.peers.append(peer)
            entries[piece] = entry
        }
    }

    mutating func covered(_ pieces: some Sequence<PieceIndex>) {
        for piece in pieces { entries.removeValue(forKey: piece) }
    }

    mutating func peerLeft(_ peer: Peer) {
        for (piece, entry) in entries where entry.peers.contains(peer) {
            entries[piece]?.peers.removeAll { $0 == peer }
            if entry.peers.count == 1 { entries.removeValue(forKey: piece) }
        }
    }

    /// Whom to ask for what now. Of each piece the next peer is asked when the one before has not answered.
    mutating func tick(at now: BootTime) -> [(peer: Peer, pieces: PieceRange)] {
        var wanted: [Peer: [PieceIndex]] = [:]
        for (piece, entry) in entries where entry.due <= now {
            guard let peer = entry.peers.first else { continue }
            wanted[peer, default: []].append(piece)
            entries[piece] = Entry(peers: entry.peers.dropFirst() + [peer], due: now + Self.patience)
        }
        return wanted.flatMap { peer, pieces in PieceRange.runs(of: pieces.sorted()).map { (peer, $0) } }
    }
}
