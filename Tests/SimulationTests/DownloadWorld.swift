import Download
import Manifest
import Units

/// The engine among sources that fail, choke, lie, go silent and leave, one of which stays good; every action is held
/// against what it may ask for.
struct DownloadWorld {
    private enum Event {
        case tick
        case block(SourceID, Block)
        case reject(SourceID, Block)
        case fetchEnd(SourceID, PieceIndex, failed: Bool)
        case verified(PieceIndex, epoch: Int)
        case provable(PieceIndex)
        case have(SourceID, PieceIndex)
        case choke(SourceID), unchoke(SourceID), leave(SourceID)
        case originReady
        case origin(Bool)
        /// Control raises the epoch: every hash so far is revoked, and some pieces' right bytes are others from now on.
        case raise
        case reproved(PieceIndex, epoch: Int)
        /// The node's own limit changes; zero is a pause.
        case limit(BytesPerSecond?)
    }

    private struct Peer {
        let kind: SourceKind
        let isGood: Bool
        let isLiar: Bool
        /// Takes requests and never answers.
        let isMute: Bool
        /// Seconds a block takes.
        let pace: Double
        /// Seconds after a raise in which it still gives the old bytes.
        let lag: Double
        var has: PieceSet
        var isChoked: Bool
    }

    let geometry: PieceGeometry
    private(set) var engine: DownloadEngine
    private var generator: SeededGenerator
    private let goodKind: SourceKind
    private let isLarge: Bool
    private var isPaused = false
    private var time = 0.0
    private var queue: [(at: Double, event: Event)] = []
    private var peers: [SourceID: Peer] = [:]
    private var liars: Set<SourceID> = []
    private var next: UInt64 = 0
    private var originID: SourceID?
    /// Blocks asked of peers and not settled, with when.
    private var asked: [Block: [SourceID: Double]] = [:]
    /// When a peer sent its last block, or was first asked.
    private var heard: [SourceID: Double] = [:]
    private var received: [PieceIndex: Set<UInt32>] = [:]
    /// Bad bytes by their piece, and the blocks of those that somebody sent just now.
    private var tainted: Set<PieceIndex> = []
    private var bad: Set<Block> = []
    private var begun: Set<PieceIndex> = []
    private var failures = 0
    private var isCompleted = false
    private var epoch = 0
    private var raises = 0
    private var raisedAt = 0.0
    /// Pieces that the last raise has changed.
    private var changed: Set<PieceIndex> = []
    private var verifying: Set<PieceIndex> = []
    /// Pieces that are here and only wait for their new hash, and those of them that have changed.
    private var doubted: Set<PieceIndex> = []
    private var outdated: Set<PieceIndex> = []

    /// Faults end at this time; a good source alone has to do after it.
    private static let calm = 40.0
    private static let deadline = 900.0

    init(seed: UInt64, _ generator: SeededGenerator) throws {
        var random = generator
        let length = UInt32(16_384) << UInt32(random.pick(0...2))
        // A few are large enough that requests, flows and pieces under way meet their limits.
        isLarge = random.chance(400)
        let size = isLarge ? random.pick(Int(length) * 100...Int(length) * 300) : random.pick(1...Int(length) * 7)
        guard let geometry = PieceGeometry(size: ByteCount(size), pieceLength: length) else {
            throw Broken(sentence: "no such geometry")
        }
        self.geometry = geometry
        goodKind = SourceKind.allCases[random.pick(0...3)]
        var policy = AssistPolicy()
        policy.slowDuration = .seconds(random.pick(1...30))
        policy.hostileDuration = .seconds(random.pick(1...5))
        policy.stallDuration = .seconds(random.pick(5...60))
        if random.chance(3) { policy.expected = .seconds(random.pick(1...30)) }
        if random.chance(4) { policy.minimumRate = BytesPerSecond(random.pick(1_000...2_000_000)) }
        policy.originOnly = goodKind == .originHTTP && random.chance(2)
        policy.bitTorrentIsDisabled = !goodKind.isPeer && random.chance(4)
        policy.isDisabled = goodKind.isPeer && random.chance(4)
        var verified = PieceSet(capacity: geometry.pieceCount)
        for piece in geometry.pieceCount.indices where random.chance(6) { verified.insert(piece) }
        self.generator = random
        engine = DownloadEngine(geometry: geometry, verified: verified, policy: policy, seed: seed, at: .zero)
    }

    private var now: BootTime { BootTime(nanoseconds: Int64(time * 1e9)) }

    private func later(_ pace: Double, _ generator: inout SeededGenerator) -> Double {
        time + Double.random(in: 0...pace * 2, using: &generator)
    }

    // MARK: Running

    mutating func run() throws {
        guard !engine.isComplete else { return }
        var actions: [DownloadAction] = []
        for piece in geometry.pieceCount.indices {
            queue.append((generator.chance(2) ? 0 : Double.random(in: 0...20, using: &generator), .provable(piece)))
        }
        queue.append((0.25, .tick))
        raises = generator.chance(3) ? generator.pick(1...2) : 0
        for _ in 0..<raises { queue.append((Double.random(in: 0.1...10, using: &generator), .raise)) }
        if goodKind != .originHTTP { join(isGood: true, &actions) }
        for _ in 0..<generator.pick(isLarge ? 20...50 : 1...4) { join(isGood: false, &actions) }
        for _ in 0..<(generator.chance(3) ? generator.pick(1...3) : 0) {
            let limit = generator.chance(2) ? 0 : UInt64(generator.pick(10_000...2_000_000))
            let at = Double.random(in: 0...Self.calm / 2, using: &generator)
            queue.append((at, .limit(BytesPerSecond(rawValue: limit))))
            queue.append((at + Double.random(in: 0...10, using: &generator), .limit(nil)))
        }
        queue.append((Self.calm, .limit(nil)))
        try perform(actions)
        while !engine.isComplete || raises > 0 {
            guard let first = queue.indices.min(by: { queue[$0].at < queue[$1].at }) else { break }
            let (at, event) = queue.remove(at: first)
            time = max(time, at)
            try hold(time < Self.deadline, "it does not end though a good \(goodKind) remains")
            try step(event)
        }
        try hold(isCompleted, "complete and not told")
        try hold(doubted.isEmpty && outdated.isEmpty, "complete with what was revoked")
        let useful = engine.totals.useful.rawValue
        if failures == 0, epoch == 0 {
            try hold(useful <= geometry.size.rawValue, "\(useful) useful bytes of \(geometry.size.rawValue)")
        }
    }

    private mutating func step(_ event: Event) throws {
        var actions: [DownloadAction] = []
        happen(event, &actions)
        engine.checkInvariants()
        try perform(actions)
    }

    private mutating func join(isGood: Bool, _ actions: inout [DownloadAction]) {
        let id = SourceID(rawValue: next)
        next += 1
        var kind = isGood ? goodKind : SourceKind.allCases[generator.pick(0...2)]
        // A second relay that works would hide what the origin has to do.
        if goodKind == .originHTTP, kind == .relayHTTP { kind = .agentPeer }
        let isComplete = isGood || generator.chance(3)
        var has = PieceSet(capacity: geometry.pieceCount)
        for piece in geometry.pieceCount.indices where isComplete || generator.chance(2) { has.insert(piece) }
        let peer = Peer(
            kind: kind,
            isGood: isGood,
            isLiar: !isGood && generator.chance(3),
            isMute: !isGood && generator.chance(6),
            pace: isGood ? 0.05 : Double.random(in: 0.01...2, using: &generator),
            lag: generator.chance(2) ? 0 : Double.random(in: 0...8, using: &generator),
            has: has,
            isChoked: kind.isPeer && generator.chance(2)
        )
        peers[id] = peer
        if peer.isLiar { liars.insert(id) }
        engine.sourceAdded(id, kind, has: has, isChoked: peer.isChoked, at: now, into: &actions)
        if generator.chance(4) { engine.sourceIsFar(id, at: now) }
        if peer.isChoked { queue.append((later(2, &generator), .unchoke(id))) }
        guard kind.isPeer else { return }
        for piece in geometry.pieceCount.indices where !has.contains(piece) && generator.chance(2) {
            queue.append((later(10, &generator), .have(id, piece)))
        }
        if generator.chance(2) { queue.append((later(5, &generator), .choke(id))) }
        if !isGood, generator.chance(3) { queue.append((later(8, &generator), .leave(id))) }
    }

    private mutating func happen(_ event: Event, _ actions: inout [DownloadAction]) {
        switch event {
        case .tick:
            if peers.values.contains(where: { $0.kind == .relayHTTP && !$0.isMute }) { engine.httpAnswered(at: now) }
            engine.tick(at: now, into: &actions)
            queue.append((time + 0.25, .tick))
            if time < Self.calm, generator.chance(40) { join(isGood: false, &actions) }
        case .block(let id, let block): deliver(id, block, &actions)
        case .reject(let id, let block):
            guard asked[block]?.removeValue(forKey: id) != nil else { return }
            engine.requestRejected(id, block, at: now, into: &actions)
        case .fetchEnd(let id, let piece, let failed):
            guard peers[id] != nil else { return }
            engine.fetchEnded(id, piece, failed: failed, at: now, into: &actions)
        case .verified(let piece, let epoch):
            // What was stored under an old hash is taken back.
            guard epoch == self.epoch else { return }
            verify(piece, &actions)
        case .raise: raise(&actions)
        case .reproved(let piece, let epoch):
            guard epoch == self.epoch else { return }
            reproved(piece, &actions)
        case .provable(let piece): engine.piecesProvable([piece], at: now, into: &actions)
        case .have(let id, let piece):
            guard peers[id]?.has.insert(piece) == true else { return }
            engine.sourceHas(id, [piece], at: now, into: &actions)
            if generator.chance(2) { engine.sourceSuggests(id, piece, at: now, into: &actions) }
        case .choke(let id):
            guard time < Self.calm, peers[id]?.isChoked == false else { return }
            peers[id]?.isChoked = true
            forget(id)
            engine.sourceChoked(id, at: now, into: &actions)
            // Some choke for good.
            if peers[id]?.isGood == true || !generator.chance(4) { queue.append((later(3, &generator), .unchoke(id))) }
        case .unchoke(let id):
            guard peers[id]?.isChoked == true else { return }
            peers[id]?.isChoked = false
            engine.sourceUnchoked(id, at: now, into: &actions)
            if generator.chance(2) { queue.append((later(5, &generator), .choke(id))) }
        case .leave(let id):
            guard peers[id] != nil else { return }
            lose(id)
            engine.sourceLost(id, at: now, into: &actions)
        case .limit(let rate):
            isPaused = rate == .zero
            engine.rateLimited(to: rate, at: now)
        case .originReady: addOrigin(&actions)
        case .origin(let isWanted):
            if isWanted, originID == nil {
                queue.append((time + 0.1, .originReady))
            } else if !isWanted, let id = originID {
                originID = nil
                lose(id)
                engine.sourceLost(id, at: now, into: &actions)
            }
        }
    }

    private func owes(_ id: SourceID) -> Bool { asked.values.contains { $0[id] != nil } }

    private mutating func addOrigin(_ actions: inout [DownloadAction]) {
        guard originID == nil else { return }
        let id = SourceID(rawValue: next)
        next += 1
        originID = id
        let all = PieceSet(full: geometry.pieceCount)
        peers[id] = Peer(
            kind: .originHTTP,
            isGood: goodKind == .originHTTP,
            isLiar: false,
            isMute: false,
            pace: 0.2,
            lag: 0,
            has: all,
            isChoked: false
        )
        engine.sourceAdded(id, .originHTTP, has: all, isChoked: false, at: now, into: &actions)
    }

    private mutating func deliver(_ id: SourceID, _ block: Block, _ actions: inout [DownloadAction]) {
        guard let peer = peers[id] else { return }
        if peer.kind.isPeer, asked[block]?.removeValue(forKey: id) == nil { return }
        heard[id] = time
        let isOld = epoch > 0 && changed.contains(block.piece) && time < raisedAt + peer.lag
        let isBad = isOld || peer.isLiar && generator.chance(3)
        guard engine.blockArrived(id, block, at: now, into: &actions) else { return }
        received[block.piece, default: []].insert(block.offset)
        if isBad {
            tainted.insert(block.piece)
            bad.insert(block)
        }
    }

    private mutating func verify(_ piece: PieceIndex, _ actions: inout [DownloadAction]) {
        verifying.remove(piece)
        let fingerprints = (0..<geometry.blockCount(of: piece)).map {
            bad.remove(geometry.block($0, of: piece)) == nil ? 0 : 1
        }
        guard tainted.remove(piece) != nil else {
            return engine.pieceVerified(piece, fingerprints: fingerprints, at: now, into: &actions)
        }
        failures += 1
        received[piece] = nil
        engine.pieceFailed(piece, fingerprints: fingerprints, at: now, into: &actions)
    }

    private mutating func raise(_ actions: inout [DownloadAction]) {
        raises -= 1
        epoch += 1
        raisedAt = time
        changed = []
        for piece in geometry.pieceCount.indices where generator.chance(3) { changed.insert(piece) }
        let here = verifying.union(engine.verified.pieces)
        // Bytes under way, too, are those of before.
        for (piece, blocks) in received where changed.contains(piece) && !blocks.isEmpty { tainted.insert(piece) }
        doubted.formUnion(here)
        outdated.formUnion(doubted.intersection(changed))
        outdated.formUnion(tainted.intersection(verifying))
        tainted.subtract(doubted)
        begun.formUnion(here)
        verifying = []
        if !here.isEmpty { isCompleted = false }
        engine.piecesRevoked(Array(geometry.pieceCount.indices), at: now, into: &actions)
        for piece in geometry.pieceCount.indices {
            queue.append((time + Double.random(in: 0...10, using: &generator), .provable(piece)))
        }
    }

    private mutating func reproved(_ piece: PieceIndex, _ actions: inout [DownloadAction]) {
        guard doubted.remove(piece) != nil else { return }
        guard outdated.remove(piece) != nil else { return engine.pieceVerified(piece, at: now, into: &actions) }
        received[piece] = nil
        begun.remove(piece)
        engine.pieceDiffers(piece, at: now, into: &actions)
    }

    private mutating func forget(_ id: SourceID) {
        for block in asked.keys { asked[block]?.removeValue(forKey: id) }
    }

    private mutating func lose(_ id: SourceID) {
        forget(id)
        peers.removeValue(forKey: id)
    }

    // MARK: Actions

    private mutating func perform(_ actions: [DownloadAction]) throws {
        for action in actions {
            switch action {
            case .request(let id, let blocks):
                for block in blocks { try request(id, block) }
            case .cancel(let id, let blocks):
                for block in blocks { asked[block]?.removeValue(forKey: id) }
            case .fetch(let id, let piece, let range): try fetch(id, piece, range)
            case .cancelFetch(let id, let piece): cancelFetch(id, piece)
            case .verify(let piece):
                verifying.insert(piece)
                queue.append((time + 0.01, .verified(piece, epoch: epoch)))
            case .reprove(let piece):
                try hold(doubted.contains(piece), "a piece is proven anew that is not here")
                queue.append((time + 0.01, .reproved(piece, epoch: epoch)))
            case .discard(let piece):
                tainted.remove(piece)
                received[piece] = nil
            case .ban(let id):
                try hold(liars.contains(id), "source \(id.rawValue) is honest and was banned")
                lose(id)
            case .wantOrigin(let isWanted): queue.append((time, .origin(isWanted)))
            case .completed:
                try hold(!isCompleted && engine.isComplete, "told to be complete twice, or too soon")
                isCompleted = true
            case .startAssist, .stopAssist: break
            }
        }
    }

    private mutating func request(_ id: SourceID, _ block: Block) throws {
        guard let peer = peers[id] else { throw Broken(sentence: "a source that has left is asked") }
        try hold(!isCompleted, "asked after the end")
        try hold(!isPaused, "asked in a pause")
        try hold(peer.kind.isPeer && !peer.isChoked, "a choked peer is asked")
        try hold(peer.has.contains(block.piece), "a peer is asked for what it lacks")
        try hold(!engine.verified.contains(block.piece), "a verified piece is asked for")
        try hold(received[block.piece]?.contains(block.offset) != true, "a block is asked for that is here")
        try hold(!doubted.contains(block.piece), "a piece is asked for that only waits for its hash")
        let fresh = (asked[block] ?? [:]).filter { time - $0.value < Download.Limits.blockPatience.seconds }
        try hold(fresh[id] == nil, "one source is asked twice for one block")
        begun.insert(block.piece)
        let answering = fresh.keys.count { time - (heard[$0] ?? 0) <= Download.Limits.silence.seconds }
        let isEndgame = geometry.pieceCount.indices.allSatisfy { engine.verified.contains($0) || begun.contains($0) }
        if !isEndgame { try hold(answering == 0, "two sources are asked for one block outside the endgame") }
        try hold(answering < Download.Limits.endgameCopies, "too many sources are asked for one block")
        if !owes(id) { heard[id] = time }
        asked[block, default: [:]][id] = time
        guard !peer.isMute else { return }
        let at = later(peer.pace, &generator)
        if time < Self.calm, generator.chance(25) {
            queue.append((at, .reject(id, block)))
        } else if peer.isGood || !generator.chance(20) {
            queue.append((at, .block(id, block)))
        }
    }

    private mutating func fetch(_ id: SourceID, _ piece: PieceIndex, _ range: ByteRange) throws {
        guard let peer = peers[id] else { throw Broken(sentence: "a source that has left is asked") }
        try hold(!isCompleted && engine.assist.isAssisting, "a fetch without assist")
        try hold(!isPaused, "a fetch in a pause")
        try hold(!peer.kind.isPeer && geometry.range(of: piece).contains(range), "a fetch beyond its piece")
        try hold(!engine.verified.contains(piece), "a verified piece is fetched")
        try hold(!doubted.contains(piece), "a piece is fetched that only waits for its hash")
        begun.insert(piece)
        guard !peer.isMute else { return }
        let fails = !peer.isGood && generator.chance(3)
        var at = time
        let start = geometry.range(of: piece).start
        for number in 0..<geometry.blockCount(of: piece) {
            let block = geometry.block(number, of: piece)
            let offset = start + UInt64(block.offset)
            guard range.start <= offset, offset < range.end else { continue }
            try hold(received[piece]?.contains(block.offset) != true, "a block is fetched that is here")
            at += Double.random(in: 0...peer.pace, using: &generator)
            if fails, generator.chance(2) { break }
            queue.append((at, .block(id, block)))
        }
        queue.append((at + 0.001, .fetchEnd(id, piece, failed: fails)))
    }

    private mutating func cancelFetch(_ id: SourceID, _ piece: PieceIndex) {
        queue.removeAll { _, event in
            switch event {
            case .block(let source, let block): source == id && block.piece == piece
            case .fetchEnd(let source, let ended, _): source == id && ended == piece
            default: false
            }
        }
    }
}
