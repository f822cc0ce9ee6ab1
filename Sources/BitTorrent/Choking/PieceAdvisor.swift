package import Units

/// Says which peer should take which piece next from us, so that first copies go to different peers before a second copy
/// of any goes out: what super-seeding wants (BEP 16), said openly by SUGGEST (BEP 6) instead of by lying bit fields.
///
/// | event | what follows |
/// | --- | --- |
/// | a piece is there | suggested to the peer with most room |
/// | a peer has a piece | its room grows if that was quick, shrinks if it was slow, and is filled with the rarest it lacks |
/// | tick | suggestions that nobody followed are forgotten; all room is filled |
///
/// Bad events: pieces beyond the blob are ignored, peers that are not known are noise.
package struct PieceAdvisor<Peer: Hashable & Comparable & Sendable>: Sendable {
    /// One suggestion.
    package struct Advice: Hashable, Sendable {
        package let peer: Peer
        package let piece: PieceIndex
    }

    /// Suggestions one peer may have open, at first, at least and at most.
    package static var initialWindow: Int { 2 }
    package static var smallestWindow: Int { 1 }
    package static var largestWindow: Int { 64 }
    /// Followed within this time is quick. What is open waits in our uplink, and a new piece's first copy behind it: with a
    /// second here, swarms that had bandwidth of their own were 10 % later than their origin.
    package static var quick: Duration { .milliseconds(200) }
    /// Not followed within this time is slow.
    package static var slow: Duration { .milliseconds(500) }
    /// Not followed within this time is forgotten.
    package static var forgotten: Duration { .seconds(5) }

    private struct Advised: Sendable {
        var has: PieceSet
        var open: [PieceIndex: BootTime] = [:]
        var window = PieceAdvisor.initialWindow
        var room: Int { window - open.count }
    }

    private var available: PieceSet
    /// Peers that have the piece or were told to take it.
    private var copies: [UInt16]
    private var peers: [Peer: Advised] = [:]
    private var generator: SeededGenerator

    /// `available` is what we have to give.
    package init(available: PieceSet, seed: UInt64) {
        self.available = available
        copies = Array(repeating: 0, count: available.capacity.int)
        generator = SeededGenerator(seed: seed)
    }

    /// A peer that takes suggestions.
    package mutating func peerJoined(_ peer: Peer) {
        if peers[peer] == nil { peers[peer] = Advised(has: PieceSet(capacity: available.capacity)) }
    }

    package mutating func peerLeft(_ peer: Peer) {
        guard let left = peers.removeValue(forKey: peer) else { return }
        for piece in left.has.pieces { copies[piece.int] &-= 1 }
        for piece in left.open.keys where !left.has.contains(piece) { copies[piece.int] &-= 1 }
    }

    /// The peer says that it has pieces.
    package mutating func peerHas(_ peer: Peer, _ pieces: [PieceIndex], at now: BootTime) -> [Advice] {
        guard var advised = peers[peer] else { return [] }
        for piece in pieces where piece.rawValue < available.capacity.rawValue && advised.has.insert(piece) {
            guard let told = advised.open.removeValue(forKey: piece) else {
                copies[piece.int] &+= 1
                continue
            }
            if now - told < Self.quick { advised.window = min(Self.largestWindow, advised.window + 1) }
            if now - told > Self.slow { advised.window = max(Self.smallestWindow, advised.window - 1) }
        }
        peers[peer] = advised
        return fill(peer, at: now)
    }

    /// We have these pieces no more.
    package mutating func piecesWithdrawn(_ pieces: [PieceIndex]) {
        for piece in pieces where available.remove(piece) {
            for peer in peers.keys where peers[peer]?.open.removeValue(forKey: piece) != nil {
                copies[piece.int] &-= 1
            }
        }
    }

    /// We have one more piece to give.
    package mutating func pieceAvailable(_ piece: PieceIndex, at now: BootTime) -> [Advice] {
        guard piece.rawValue < available.capacity.rawValue, available.insert(piece) else { return [] }
        let taker = peers.filter { $0.value.room > 0 && !$0.value.has.contains(piece) }
            .max { ($0.value.room, $1.key) < ($1.value.room, $0.key) }
        guard let taker else { return [] }
        return [advise(taker.key, piece, at: now)]
    }

    /// A few times a second.
    package mutating func tick(at now: BootTime) -> [Advice] {
        var advice: [Advice] = []
        for peer in peers.keys.sorted() {
            for (piece, told) in peers[peer]?.open ?? [:] where now - told > Self.forgotten {
                peers[peer]?.open[piece] = nil
                copies[piece.int] &-= 1
            }
            advice += fill(peer, at: now)
        }
        return advice
    }

    /// Room is filled with what has the fewest copies, ties by lot.
    private mutating func fill(_ peer: Peer, at now: BootTime) -> [Advice] {
        guard let advised = peers[peer], advised.room > 0 else { return [] }
        var wanted = available
        wanted.subtract(advised.has)
        var candidates = wanted.pieces.filter { advised.open[$0] == nil }
        guard !candidates.isEmpty else { return [] }
        var advice: [Advice] = []
        candidates.shuffle(using: &generator)
        for _ in 0..<advised.room {
            let rarest = candidates.indices.min { copies[candidates[$0].int] < copies[candidates[$1].int] }
            guard let rarest else { break }
            advice.append(advise(peer, candidates[rarest], at: now))
            candidates.swapAt(rarest, candidates.count - 1)
            candidates.removeLast()
        }
        return advice
    }

    private mutating func advise(_ peer: Peer, _ piece: PieceIndex, at now: BootTime) -> Advice {
        peers[peer]?.open[piece] = now
        copies[piece.int] &+= 1
        return Advice(peer: peer, piece: piece)
    }

    /// Traps where copies are miscounted, a peer is told of what it has, or a window is overdrawn.
    package func checkInvariants() {
        var counted = [UInt16](repeating: 0, count: copies.count)
        for advised in peers.values {
            precondition(advised.open.count <= Self.largestWindow, "more suggestions are open than a window holds")
            for piece in advised.open.keys {
                precondition(!advised.has.contains(piece), "a peer was told to take what it has")
                precondition(available.contains(piece), "a peer was told to take what we do not have")
                counted[piece.int] += 1
            }
            for piece in advised.has.pieces { counted[piece.int] += 1 }
        }
        precondition(counted == copies, "copies are miscounted")
    }
}
