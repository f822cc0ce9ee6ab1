package import Units

/// Decides who may download from us: the interested peers that are most useful, and some at random so that new ones are
/// found out. While slots are free nobody who is interested waits.
///
/// Useful is who gives us most; among those who give us nothing (we are complete, or they are new) who takes fastest,
/// because that spreads pieces soonest.
package struct Choker<Peer: Hashable & Comparable & Sendable>: Sendable {
    /// One decision.
    package enum Action: Hashable, Sendable { case choke(Peer), unchoke(Peer) }

    /// What a peer did since the last round.
    package struct Usefulness: Hashable, Sendable {
        /// Bytes it gave us.
        package let received: ByteCount
        /// Bytes it took.
        package let sent: ByteCount
        package init(received: ByteCount, sent: ByteCount) {
            self.received = received
            self.sent = sent
        }
    }

    /// Peers unchoked at a time.
    package let slots: Int
    private var interested: Set<Peer> = []
    private var unchoked: Set<Peer> = []
    private var generator: SeededGenerator

    /// With `slots` of at least 1, a quarter of which (at least one) go to peers by lot.
    package init(slots: Int, seed: UInt64) {
        precondition(slots > 0, "a choker needs a slot")
        self.slots = slots
        generator = SeededGenerator(seed: seed)
    }

    /// Who may download now.
    package var unchokedPeers: Set<Peer> { unchoked }

    /// A peer wants something.
    package mutating func peerInterested(_ peer: Peer) -> [Action] {
        guard interested.insert(peer).inserted, unchoked.count < slots else { return [] }
        unchoked.insert(peer)
        return [.unchoke(peer)]
    }

    /// A peer wants nothing more; its slot goes on.
    package mutating func peerNotInterested(_ peer: Peer) -> [Action] {
        interested.remove(peer)
        guard unchoked.remove(peer) != nil else { return [] }
        return [.choke(peer)] + fill()
    }

    /// A connection ended; its slot goes on.
    package mutating func peerLeft(_ peer: Peer) -> [Action] {
        interested.remove(peer)
        return unchoked.remove(peer) == nil ? [] : fill()
    }

    /// A round is over (10 s in BEP 3).
    package mutating func roundEnded(_ usefulness: [Peer: Usefulness]) -> [Action] {
        guard interested.count > slots else { return fill() }
        let byLot = max(1, slots / 4)
        let ranked = interested.sorted { left, right in
            let (one, other) = (usefulness[left], usefulness[right])
            let (oneGave, otherGave) = (one?.received ?? .zero, other?.received ?? .zero)
            if oneGave != otherGave { return oneGave > otherGave }
            let (oneTook, otherTook) = (one?.sent ?? .zero, other?.sent ?? .zero)
            return oneTook == otherTook ? left < right : oneTook > otherTook
        }
        var chosen = Set(ranked.prefix(slots - byLot))
        // Those who wait come first in the lot, so that everybody gets a turn.
        var rest = ranked.dropFirst(slots - byLot).filter { !unchoked.contains($0) }
        rest.shuffle(using: &generator)
        chosen.formUnion(rest.prefix(byLot))
        for peer in ranked where chosen.count < slots { chosen.insert(peer) }
        let choked = unchoked.subtracting(chosen).sorted().map { Action.choke($0) }
        let freed = chosen.subtracting(unchoked).sorted().map { Action.unchoke($0) }
        unchoked = chosen
        return choked + freed
    }

    /// Traps where slots are overdrawn or a peer has one that wants nothing.
    package func checkInvariants() {
        precondition(unchoked.count <= slots, "more peers are unchoked than there are slots")
        precondition(unchoked.isSubset(of: interested), "a peer is unchoked that wants nothing")
    }

    private mutating func fill() -> [Action] {
        var waiting = interested.subtracting(unchoked).sorted()
        waiting.shuffle(using: &generator)
        let chosen = waiting.prefix(max(0, slots - unchoked.count))
        unchoked.formUnion(chosen)
        return chosen.map { .unchoke($0) }
    }
}
