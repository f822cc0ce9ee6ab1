package import Units

/// Which relay pulls which pieces: each piece has one owner, so it leaves the origin once. A lost relay's pieces that are
/// not yet pulled go to the others.
package struct PullStripes: Sendable {
    /// Consecutive pieces per stripe at first; larger for huge blobs so that a grant stays within its limit.
    package static let piecesPerStripe: UInt32 = 8
    /// Pieces that a relay may have on their way over all its connections: they cannot be taken over.
    package static let piecesUnderWay = 32

    private let pieces: PieceCount
    private var relays: [NodeID]
    private var owner: [NodeID?]

    /// Deals stripes to the relays in turn.
    package init(pieces: PieceCount, relays: [NodeID]) {
        self.pieces = pieces
        self.relays = relays
        let unit = max(Self.piecesPerStripe, pieces.rawValue / UInt32(Limits.maximumStripes / 2))
        owner = (0..<pieces.rawValue).map { relays.isEmpty ? nil : relays[Int($0 / unit) % relays.count] }
    }

    /// Who owns what already, out of the grants that are out.
    package init(pieces: PieceCount, owners: [(relay: NodeID, stripes: [PieceRange])]) {
        self.init(pieces: pieces, relays: [])
        for (relay, stripes) in owners where !relays.contains(relay) {
            relays.append(relay)
            for piece in stripes.flatMap(\.indices) where piece < pieces.rawValue { owner[Int(piece)] = relay }
        }
    }

    /// The relays that pull, and those that have nothing left to pull.
    package var allRelays: [NodeID] { relays }

    /// The relay that pulls the piece; nil without relays or beyond the blob.
    package func relay(for piece: PieceIndex) -> NodeID? {
        piece.rawValue < pieces.rawValue ? owner[piece.int] : nil
    }

    /// The relay's stripes, ascending, for its grant: runs of its pieces.
    package func stripes(of relay: NodeID) -> [PieceRange] {
        PieceRange.runs(of: owner.indices.lazy.filter { owner[$0] == relay }.map { PieceIndex($0) })
    }

    /// A relay is dead or slow: what it has not pulled yet (`pulled` are the pieces with known hashes) goes to the others in
    /// equal consecutive shares. Returns the relays whose stripes grew. Unknown relays are noise.
    package mutating func relayLost(_ lost: NodeID, pulled: PieceSet) -> [NodeID] {
        guard relays.contains(lost) else { return [] }
        relays.removeAll { $0 == lost }
        let open = owner.indices.filter { owner[$0] == lost && !pulled.contains(PieceIndex($0)) }
        guard !relays.isEmpty else {
            for index in open { owner[index] = nil }
            return []
        }
        let share = (open.count + relays.count - 1) / max(1, relays.count)
        var grown: [NodeID] = []
        for (position, index) in open.enumerated() {
            let heir = relays[position / share]
            owner[index] = heir
            if grown.last != heir { grown.append(heir) }
        }
        return grown
    }

    /// A relay has pulled all it owns: half of what the one with most left has not begun could be its own, from the end,
    /// where that one gets last. Of the pieces that a relay has not pulled, `underWay` may be on their way: zero where it
    /// has stalled, and then all of them are meant. Fewer than `least` are not worth a new grant.
    package func takeover(
        by idle: NodeID,
        pulled: PieceSet,
        least: Int,
        underWay: (_ relay: NodeID, _ open: Int) -> Int
    ) -> Takeover? {
        guard relays.contains(idle) else { return nil }
        var open: [NodeID: [Int]] = [:]
        for index in owner.indices where !pulled.contains(PieceIndex(index)) {
            guard let relay = owner[index] else { continue }
            guard relay != idle else { return nil }
            open[relay, default: []].append(index)
        }
        let slowest = open.max { ($0.value.count, $1.key) < ($1.value.count, $0.key) }
        guard let slowest else { return nil }
        let busy = underWay(slowest.key, slowest.value.count)
        let free = slowest.value.dropFirst(busy)
        guard free.count >= (busy == 0 ? 1 : least) else { return nil }
        let taken = free.suffix(busy == 0 ? free.count : (free.count + 1) / 2)
        return Takeover(from: slowest.key, to: idle, pieces: taken.map { PieceIndex($0) }, isStalled: busy == 0)
    }

    /// The pieces among these that are still one relay's are another's from now on.
    package mutating func give(_ pieces: some Sequence<PieceIndex>, of owner: NodeID, to relay: NodeID) {
        guard relays.contains(relay) else { return }
        for piece in pieces where self.relay(for: piece) == owner { self.owner[piece.int] = relay }
    }

    /// A relay joined: pieces that nobody owned are its own. Returns whether it got any.
    package mutating func relayJoined(_ relay: NodeID) -> Bool {
        guard !relays.contains(relay) else { return false }
        relays.append(relay)
        let open = owner.indices.filter { owner[$0] == nil }
        for index in open { owner[index] = relay }
        return !open.isEmpty
    }

    /// Asserts what holds between events.
    package func checkInvariants() {
        precondition(owner.count == pieces.int, "every piece has a place")
        precondition(relays.isEmpty || owner.allSatisfy { $0 != nil }, "with a relay every piece has an owner")
    }
}
