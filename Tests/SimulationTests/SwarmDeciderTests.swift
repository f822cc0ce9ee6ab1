import BitTorrent
import Manifest
import Testing
import Units

/// Properties of the deciders that peers, relays and strangers drive.
@Suite struct SwarmDeciderTests {
    @Test(arguments: Seeds.blocks)
    func `two ends of a connection agree, and a block asked for is given, rejected or dropped by a choke`(
        block: Range<UInt64>
    ) {
        Seeds.each(in: block) { _, generator in
            let geometry = try #require(PieceGeometry(size: ByteCount(4 * 65_536 - 9), pieceLength: 65_536))
            let isFast = generator.chance(2)
            var taker = PeerConnectionState(geometry: geometry, speaksFast: isFast)
            var giver = PeerConnectionState(geometry: geometry, speaksFast: isFast)
            var (asked, given) = (Set<Block>(), 0)
            var wires: (toGiver: [PeerMessage], toTaker: [PeerMessage]) = ([.interested], [])
            wires.toTaker.append(.bitField(PieceSet(full: geometry.pieceCount).bitField))
            for _ in 0..<80 {
                var actions: [PeerAction] = []
                switch generator.pick(0...5) {
                case 0:
                    giver.setChoking(generator.chance(3), into: &actions)
                    for case .send(let message) in actions { wires.toTaker.append(message) }
                case 1:
                    let piece = PieceIndex(generator.pick(0...3))
                    let number = generator.pick(0...geometry.blockCount(of: piece) - 1)
                    let wanted = geometry.block(number, of: piece)
                    if taker.request(wanted, at: .zero) {
                        try hold(!taker.isChoked && asked.insert(wanted).inserted, "asked while choked, or twice")
                        wires.toGiver.append(.request(wanted))
                    }
                case 2:
                    if let wanted = asked.sorted().first, generator.chance(4), taker.cancel(wanted) {
                        asked.remove(wanted)
                        wires.toGiver.append(.cancel(wanted))
                    }
                case 3: if let next = giver.nextUpload() { wires.toTaker.append(.piece(next)) }
                case 4 where !wires.toGiver.isEmpty:
                    try giver.messageArrived(wires.toGiver.removeFirst(), have: { _ in true }, into: &actions)
                    for case .send(let message) in actions { wires.toTaker.append(message) }
                case 5 where !wires.toTaker.isEmpty:
                    try taker.messageArrived(wires.toTaker.removeFirst(), have: { _ in false }, into: &actions)
                    for action in actions {
                        switch action {
                        case .received(let came):
                            try hold(asked.remove(came) != nil, "a block came that nobody asked for")
                            given += 1
                        case .rejected(let refused): try hold(asked.remove(refused) != nil, "rejected unasked")
                        default: break
                        }
                    }
                default: break
                }
                try hold(Set(taker.sent.keys) == asked, "what is waited for is not what was asked")
            }
        }
    }

    @Test(arguments: Seeds.blocks)
    func `every piece has one owner while a relay is left, and what is pulled stays its puller's`(block: Range<UInt64>)
    {
        Seeds.each(in: block) { _, generator in
            let names = try (0..<5).map { try #require(NodeID("r\($0)")) }
            let count = PieceCount(generator.pick(0...60))
            var relays = Array(names.prefix(generator.pick(0...4)))
            var stripes = PullStripes(pieces: count, relays: relays)
            var pulled = PieceSet(capacity: count)
            var puller: [PieceIndex: NodeID] = [:]
            for _ in 0..<20 {
                for piece in count.indices where generator.chance(6) {
                    guard let owner = stripes.relay(for: piece), pulled.insert(piece) else { continue }
                    puller[piece] = owner
                }
                guard let relay = names.randomElement(using: &generator) else { return }
                switch generator.pick(0...3) {
                case 0:
                    relays.removeAll { $0 == relay }
                    let grown = stripes.relayLost(relay, pulled: pulled)
                    try hold(grown.allSatisfy(relays.contains), "a relay that is none inherits")
                    try hold(Set(grown).count == grown.count, "an heir is named twice")
                case 1:
                    _ = stripes.relayJoined(relay)
                    if !relays.contains(relay) { relays.append(relay) }
                default:
                    let found = stripes.takeover(by: relay, pulled: pulled, least: 2) { _, open in min(open, 1) }
                    guard let found else { continue }
                    try hold(found.to == relay && found.from != relay && !found.pieces.isEmpty, "a takeover of nothing")
                    try hold(found.pieces.allSatisfy { !pulled.contains($0) }, "what is pulled is taken over")
                    stripes.give(found.pieces, of: found.from, to: found.to)
                    try hold(found.pieces.allSatisfy { stripes.relay(for: $0) == relay }, "given and not had")
                }
                try expectOwners(stripes, relays, names, count, pulled)
            }
        }
    }

    private func expectOwners(
        _ stripes: PullStripes,
        _ relays: [NodeID],
        _ names: [NodeID],
        _ count: PieceCount,
        _ pulled: PieceSet
    ) throws {
        try hold(Set(stripes.allRelays) == Set(relays), "other relays than there are")
        for piece in count.indices where !pulled.contains(piece) {
            let owner = stripes.relay(for: piece)
            try hold(
                owner.map(relays.contains) ?? relays.isEmpty,
                "piece \(piece.rawValue) is nobody's, or a lost relay's"
            )
        }
        var covered = 0
        for name in names { covered += stripes.stripes(of: name).reduce(0) { $0 + $1.count.int } }
        let owned = count.indices.count { stripes.relay(for: $0) != nil }
        try hold(covered == owned, "stripes overlap or leave a gap")
    }
}
