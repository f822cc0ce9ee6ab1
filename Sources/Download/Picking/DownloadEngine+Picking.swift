internal import Manifest
package import Units

extension DownloadEngine {
    /// Asks every source for as much as it can take. Peers first: BitTorrent keeps its bandwidth. Of peers those that are
    /// asked for least, in any order: the same order everywhere would leave the last of them idle. With `asksAgain` what
    /// silent ones owe is asked of others too.
    mutating func fillAll(_ now: BootTime, _ actions: inout [DownloadAction], asksAgain: Bool = false) {
        guard !isOver else { return }
        guard downBucket.hasRoom(at: now) else { return othersWait = true }
        var room = roomForRequests
        othersWait = false
        var waiting: [(id: SourceID, outstanding: Int)] = []
        for (id, source) in sources where mayAsk(source, now) && (room > 0 || source.kind == .relayPeer) {
            waiting.append((id, source.outstanding.count))
        }
        waiting.sort { $0.id < $1.id }
        waiting.shuffle(using: &generator)
        waiting.sort { $0.outstanding < $1.outstanding }
        for (id, outstanding) in waiting {
            guard outstanding > 0 || freeFlows > 0 || sources[id]?.kind == .relayPeer else {
                othersWait = true
                continue
            }
            room -= ask(id, room, now, &actions, asksAgain)
        }
        if room <= 0 { othersWait = true }
        fillFetchers(now, &actions)
    }

    mutating func fillFetchers(_ now: BootTime, _ actions: inout [DownloadAction]) {
        guard !isOver, assist.isAssisting else { return }
        for id in fetchers { fillFetches(id, now, &actions) }
    }

    /// Asks one source for as much as it can take.
    mutating func fill(_ id: SourceID, _ now: BootTime, _ actions: inout [DownloadAction]) {
        guard !isOver, let source = sources[id] else { return }
        if !source.kind.isPeer {
            fillFetches(id, now, &actions)
        } else if mayAsk(source, now),
            !source.outstanding.isEmpty || source.kind == .relayPeer || freeFlows > 0
        {
            _ = ask(id, roomForRequests, now, &actions, false)
        }
    }

    /// A block has come: the others are looked at once there is room for a handful, unless its sender has no more to do. Where
    /// they lack nothing but pieces to ask for, it changes nothing for them.
    mutating func refill(_ id: SourceID, _ now: BootTime, _ actions: inout [DownloadAction]) {
        if !othersWait {
            fill(id, now, &actions)
        } else if sources[id]?.outstanding.isEmpty == true || roomForRequests * Limits.refillShare >= mostRequests {
            fillAll(now, &actions)
        }
    }

    private var fetchers: [SourceID] { sources.keys.filter { sources[$0]?.kind.isPeer == false }.sorted() }

    /// Whether a relay at our own site brings what it is asked for over HTTP, or could be asked.
    private func isServedHere(_ now: BootTime) -> Bool {
        sources.contains { id, source in
            guard source.kind == .relayHTTP, !source.isFar, source.failures == 0 else { return false }
            if source.fetches.isEmpty { return pieceToFetch(for: id, now) != nil }
            return now - source.lastAnswer < Limits.nearPatience
        }
    }

    // MARK: Peers

    private func mayAsk(_ source: Source, _ now: BootTime) -> Bool {
        source.kind.isPeer && !source.isChoked && now >= source.notBefore && !policy.bitTorrentIsDisabled
            && source.outstanding.count < source.queue.blocks && (!source.isFar || asksFar(now))
    }

    /// Whether peers at other sites are asked: no relay is at our own, or those here have nothing more for us.
    private func asksFar(_ now: BootTime) -> Bool {
        nearRelays == 0 || now - nearBrought >= Limits.nearPatience
    }

    /// Agents that may be asked beside those that owe us blocks. Many flows through one link, each of a few packets, lose
    /// packets and stand still for seconds; one that does stand still does not count.
    private var freeFlows: Int {
        let most = min(max(Int(peerMeter.rate.rawValue / Limits.flowRate), Limits.fewestFlows), Limits.mostFlows)
        return most - load.activeAgents
    }

    /// Returns for how many blocks the peer was asked. Refilled in batches, so that a block does not cost a message each
    /// way.
    private mutating func ask(
        _ id: SourceID,
        _ most: Int,
        _ now: BootTime,
        _ actions: inout [DownloadAction],
        _ asksAgain: Bool
    ) -> Int {
        guard let source = sources[id] else { return 0 }
        // A relay has its uplink for this alone: what slow peers owe does not keep us from asking it.
        let most = source.kind == .relayPeer ? source.queue.blocks : most
        let room = min(source.queue.blocks - source.outstanding.count, most)
        guard room > 0, room * 4 >= min(source.queue.blocks, most) || source.outstanding.isEmpty else { return 0 }
        if source.outstanding.isEmpty { sources[id]?.lastAnswer = now }
        let blocks = pick(room, for: id, now, asksAgain)
        if !blocks.isEmpty { actions.append(.request(id, blocks)) }
        return blocks.count
    }

    /// Blocks under way at all peers together at most: some seconds of the whole rate. More would only be more flows
    /// through the same link, each of them slower, so that pieces are whole and shared later.
    private var mostRequests: Int {
        let ahead = Double(peerMeter.rate.rawValue) * Limits.requestTime.seconds / Double(Block.maximumLength)
        return max(Limits.minimumRequests, Int(ahead))
    }

    private var roomForRequests: Int { mostRequests - load.owedByOthers }

    private mutating func pick(_ count: Int, for id: SourceID, _ now: BootTime, _ asksAgain: Bool) -> [Block] {
        var blocks: [Block] = []
        while blocks.count < count, downBucket.hasRoom(at: now),
            let piece = startedPiece(for: id) ?? nextPiece(for: id, now)
        {
            begin(piece)
            var start = 0
            while blocks.count < count, downBucket.hasRoom(at: now), let number = partial[piece]?.nextFree(from: start)
            {
                take(geometry.block(number, of: piece), number, id, now, &blocks)
                start = number + 1
            }
        }
        if blocks.isEmpty, asksAgain && load.owedBySilent > 0 || isEndgame, sources[id]?.outstanding.isEmpty == true {
            // Before the end only what silent ones owe is asked of others, where no further piece may be begun, for one; and
            // only at each tick, for it means to look at everything.
            askAgain(count, id, copies: isEndgame ? Limits.endgameCopies : 1, now, &blocks)
        }
        return blocks
    }

    /// Every piece that is missing is under way.
    private var isEndgame: Bool { settledCount + partial.count >= geometry.pieceCount.int }

    /// Pieces that are here, as far as is known.
    private var settledCount: Int { verified.count.int + doubted.count.int }

    private mutating func nextPiece(for id: SourceID, _ now: BootTime) -> PieceIndex? {
        guard hasRoomForPieces, let source = sources[id] else { return nil }
        guard source.advises(at: now) else { return newPiece(for: id) }
        let open = source.suggested.filter { !isSettled($0) && partial[$0] == nil }
        sources[id]?.suggested = open
        // A suggestion can be ahead of the HAVE that it is about.
        guard let at = sources[id]?.suggested.firstIndex(where: { source.has.contains($0) }) else {
            // Better a second copy than an idle link.
            return source.outstanding.isEmpty ? newPiece(for: id) : nil
        }
        return sources[id]?.suggested.remove(at: at)
    }

    private mutating func take(_ block: Block, _ number: Int, _ id: SourceID, _ now: BootTime, _ blocks: inout [Block])
    {
        partial[block.piece]?.askedOf[number, default: []].append(id)
        asked(id, block, at: now)
        downBucket.charge(ByteCount(block.length))
        blocks.append(block)
    }

    private func mayAsk(_ id: SourceID, for progress: PieceProgress) -> Bool {
        !progress.isVerifying && (progress.soleSource == nil || progress.soleSource == id)
    }

    /// A piece that is begun comes before a new one: it can be shared sooner.
    private mutating func startedPiece(for id: SourceID) -> PieceIndex? {
        for piece in open.pieces {
            guard let progress = partial[piece], progress.nextFree() != nil else {
                open.remove(piece)
                continue
            }
            if sources[id]?.has.contains(piece) == true, mayAsk(id, for: progress) { return piece }
        }
        return nil
    }

    private func isSettled(_ piece: PieceIndex) -> Bool { verified.contains(piece) || doubted.contains(piece) }

    private var hasRoomForPieces: Bool {
        partial.count < Limits.maximumPartialPieces
            && UInt64(partial.count) * UInt64(geometry.pieceLength) < Limits.maximumPartialBytes || partial.isEmpty
    }

    /// The rarest piece the source has, ties by chance; the first few at random, so that there is soon something to
    /// share (rarest first with random first pieces). Pieces whose hash is known go first: they can be passed on at once.
    private mutating func newPiece(for id: SourceID) -> PieceIndex? {
        guard hasRoomForPieces, let source = sources[id] else { return nil }
        var best: [PieceIndex] = []
        var bestKey = (Int.max, Int.max)
        let randomFirst = verified.count.rawValue < 4
        var wanted = source.has
        wanted.subtract(verified)
        wanted.subtract(doubted)
        for piece in wanted.pieces where partial[piece] == nil {
            let key = (provable.contains(piece) ? 0 : 1, randomFirst ? 0 : Int(availability[piece.int]))
            if key < bestKey {
                bestKey = key
                best = [piece]
            } else if key == bestKey {
                best.append(piece)
            }
        }
        return best.randomElement(using: &generator)
    }

    /// Everything missing is asked of somebody: the idle help out, so many sources at most for each block beside those that
    /// have fallen silent.
    private mutating func askAgain(
        _ count: Int,
        _ id: SourceID,
        copies: Int,
        _ now: BootTime,
        _ blocks: inout [Block]
    ) {
        guard let source = sources[id] else { return }
        for piece in partial.keys.sorted() where source.has.contains(piece) {
            guard let progress = partial[piece], mayAsk(id, for: progress) else { continue }
            for number in progress.blocks.indices where progress.blocks[number] == .missing {
                let asked = progress.askedOf[number] ?? []
                let answering = asked.count { sources[$0].map { !$0.isSilent(at: now) } ?? false }
                guard blocks.count < count, answering < copies, !asked.contains(id), downBucket.hasRoom(at: now) else {
                    continue
                }
                take(geometry.block(number, of: piece), number, id, now, &blocks)
            }
        }
    }

    // MARK: HTTP

    private mutating func fillFetches(_ id: SourceID, _ now: BootTime, _ actions: inout [DownloadAction]) {
        guard assist.isAssisting, let kind = sources[id]?.kind, kind == .originHTTP || !policy.originOnly,
            now >= sources[id]?.notBefore ?? now, sources[id]?.isFar == false || !isServedHere(now)
        else { return }
        let most = kind == .relayHTTP ? Limits.parallelRelayFetches : 1
        // A fetch is charged when it begins, and comes as fast as it can.
        let isLimited = min(assistBucket.rate, downBucket.rate).rawValue != .max
        let atOnce = isLimited ? Limits.filledAtOnce : Int.max
        while (sources[id]?.fetches.count ?? most) < most, assistBucket.hasRoom(at: now), downBucket.hasRoom(at: now),
            let piece = pieceToFetch(for: id, now)
        {
            fetch(piece, from: id, atMost: atOnce, now, &actions)
        }
    }

    /// Fetches a little over HTTP from a relay, to tell how fast it comes; nil where nothing can be fetched so. What it
    /// brings is used like anything else.
    package mutating func sampleFetched(at now: BootTime, into actions: inout [DownloadAction]) -> SourceID? {
        guard !isOver, downBucket.hasRoom(at: now),
            let id = fetchers.first(where: { sources[$0]?.kind == .relayHTTP && sources[$0]?.fetches.isEmpty == true }),
            let piece = pieceToFetch(for: id, now)
        else { return nil }
        let before = actions.count
        fetch(piece, from: id, atMost: Limits.filledAtOnce, now, &actions)
        return actions.count > before ? id : nil
    }

    /// Blocks from the first one that nobody brings to the next one that somebody else has or brings.
    private mutating func fetch(
        _ piece: PieceIndex,
        from id: SourceID,
        atMost most: Int,
        _ now: BootTime,
        _ actions: inout [DownloadAction]
    ) {
        begin(piece)
        guard let progress = partial[piece] else { return }
        let isProvable = provable.contains(piece)
        func isFree(_ number: Int) -> Bool {
            number < progress.blocks.count && isOpen(number, progress, isProvable: isProvable, now)
        }
        guard let first = progress.blocks.indices.first(where: isFree) else { return }
        var last = first
        while last + 1 - first < most, isFree(last + 1) { last += 1 }
        for number in first...last { partial[piece]?.askedOf[number, default: []].append(id) }
        if sources[id]?.fetches.isEmpty == true { sources[id]?.lastAnswer = now }
        sources[id]?.fetches.insert(piece)
        let start = geometry.range(of: piece).start
        let end = geometry.block(last, of: piece)
        let range = ByteRange(
            start: start + UInt64(geometry.block(first, of: piece).offset),
            end: start + UInt64(end.offset) + UInt64(end.length)
        )
        assistBucket.charge(range.count)
        downBucket.charge(range.count)
        actions.append(.fetch(id, piece, range))
    }

    /// Whether HTTP may bring a block: nobody is asked for it, or only sources that have fallen silent. One that is asked for
    /// a piece that may not be there yet is not silent, it waits.
    private func isOpen(_ number: Int, _ progress: PieceProgress, isProvable: Bool, _ now: BootTime) -> Bool {
        progress.blocks[number] == .missing
            && (progress.askedOf[number] ?? []).allSatisfy { id in
                guard let source = sources[id] else { return true }
                return (source.kind.isPeer || isProvable) && source.isSilent(at: now)
            }
    }

    private func hasOpenBlock(_ piece: PieceIndex, _ progress: PieceProgress, _ now: BootTime) -> Bool {
        let isProvable = provable.contains(piece)
        return progress.blocks.indices.contains { isOpen($0, progress, isProvable: isProvable, now) }
    }

    /// Whether a connection to the origin would have anything to do: pieces that wait for their proof need none.
    func hasMoreToFetch(_ now: BootTime) -> Bool {
        if sources.values.contains(where: { $0.kind == .originHTTP && !$0.fetches.isEmpty }) { return true }
        if partial.contains(where: { !$1.isVerifying && hasOpenBlock($0, $1, now) }) { return true }
        return hasRoomForPieces && settledCount + partial.count < geometry.pieceCount.int
    }

    /// What BitTorrent lacks: pieces nobody brings, those first whose hash is known, the rarest among peers before others.
    /// A relay that does not have a piece yet is not asked for it where peers will say when it has.
    private func pieceToFetch(for id: SourceID, _ now: BootTime) -> PieceIndex? {
        guard let source = sources[id] else { return nil }
        let started = partial.filter { piece, progress in
            !source.fetches.contains(piece) && source.has.contains(piece) && progress.soleSource == nil
                && !progress.isVerifying && hasOpenBlock(piece, progress, now)
        }.keys.min()
        if let started { return started }
        guard hasRoomForPieces else { return nil }
        let mayWait = source.kind == .originHTTP || !sources.values.contains { $0.kind.isPeer }
        var best: (piece: PieceIndex, copies: UInt16)?
        var unproven: PieceIndex?
        for piece in geometry.pieceCount.indices where !isSettled(piece) && partial[piece] == nil {
            guard source.has.contains(piece) else { continue }
            guard provable.contains(piece) else {
                unproven = unproven ?? piece
                continue
            }
            let copies = availability[piece.int]
            if best.map({ copies < $0.copies }) ?? true { best = (piece, copies) }
        }
        return best?.piece ?? (mayWait ? unproven : nil)
    }

    // MARK: Invariants

    /// What must hold after every event; checked in tests and simulation.
    package func checkInvariants() {
        for (piece, progress) in partial {
            precondition(!verified.contains(piece), "a verified piece is still under way")
            precondition(!doubted.contains(piece), "a doubted piece is fetched")
            precondition(
                progress.blocks.count { $0 == .received } == progress.receivedCount,
                "received blocks miscounted"
            )
            for (number, asked) in progress.askedOf {
                precondition(progress.blocks[number] == .missing, "a received block is still asked for")
                precondition(Set(asked).count == asked.count, "a source is asked twice for one block")
            }
        }
        precondition(doubted.pieces.allSatisfy { !verified.contains($0) }, "a verified piece is doubted")
        precondition(isOver == verified.isFull, "over before the end, or not after it")
        for (piece, progress) in partial where progress.nextFree() != nil {
            precondition(open.contains(piece), "a piece with free blocks is not known to have them")
        }
        let owing = sources.values.filter { !$0.outstanding.isEmpty }
        precondition(load.owed == owing.reduce(0) { $0 + $1.outstanding.count }, "owed blocks are miscounted")
        precondition(load.agents == owing.count { $0.kind == .agentPeer }, "agents that owe blocks are miscounted")
        for source in sources.values {
            precondition(source.outstanding.count <= Limits.maximumQueueDepth, "a source is asked for too much")
        }
        precondition(partial.count <= Limits.maximumPartialPieces + 1, "too many pieces under way")
    }
}
