internal import Manifest
internal import Units

extension DownloadEngine {
    mutating func fillAll(_ now: BootTime, _ actions: inout [DownloadAction]) {
        // Peers first: BitTorrent keeps its bandwidth. Of peers those that are asked for least, in any order: the same
        // order everywhere would leave the last of them idle.
        let order = sources.keys.sorted().shuffled(using: &generator).map { id in
            (id, sources[id]?.kind.isPeer == true ? sources[id]?.outstanding.count ?? 0 : Int.max)
        }
        for (id, _) in order.sorted(by: { $0.1 < $1.1 }) { fill(id, now, &actions) }
    }

    /// Asks a source for as much as it can take.
    mutating func fill(_ id: SourceID, _ now: BootTime, _ actions: inout [DownloadAction]) {
        guard !isOver, let source = sources[id], now >= source.notBefore else { return }
        if source.kind.isPeer {
            guard !source.isChoked, !policy.bitTorrentIsDisabled else { return }
            // Refilled in batches, so that a block does not cost a message each way.
            let room = min(source.queue.blocks - source.outstanding.count, roomForRequests)
            guard room > 0, room >= min(source.queue.blocks, roomForRequests) / 4 || source.outstanding.isEmpty else {
                return
            }
            let blocks = pick(room, for: id, now)
            if !blocks.isEmpty { actions.append(.request(id, blocks)) }
        } else {
            fillFetches(id, source.kind, &actions)
        }
    }

    // MARK: Peers

    /// Blocks that may be asked for beyond those under way at all peers: a second of the whole rate. More would only be
    /// more flows through the same link, each of them slower, so that pieces are whole and shared later.
    private var roomForRequests: Int {
        let underWay = sources.values.reduce(0) { $0 + ($1.kind.isPeer ? $1.outstanding.count : 0) }
        let ahead = Double(peerMeter.rate.rawValue) * Limits.requestTime.seconds / Double(Block.maximumLength)
        return max(Limits.minimumRequests, Int(ahead)) - underWay
    }

    private mutating func pick(_ count: Int, for id: SourceID, _ now: BootTime) -> [Block] {
        var blocks: [Block] = []
        while blocks.count < count, let piece = startedPiece(for: id) ?? nextPiece(for: id, now) {
            if partial[piece] == nil { partial[piece] = PieceProgress(blockCount: geometry.blockCount(of: piece)) }
            var start = 0
            while blocks.count < count, let number = partial[piece]?.nextFree(from: start) {
                take(geometry.block(number, of: piece), number, id, now, &blocks)
                start = number + 1
            }
        }
        if blocks.isEmpty, isEndgame, sources[id]?.outstanding.isEmpty == true { endgame(count, id, now, &blocks) }
        return blocks
    }

    /// Every piece that is missing is under way.
    private var isEndgame: Bool { verified.count.int + partial.count >= geometry.pieceCount.int }

    private mutating func nextPiece(for id: SourceID, _ now: BootTime) -> PieceIndex? {
        guard hasRoomForPieces, let source = sources[id] else { return nil }
        guard source.advises(at: now) else { return newPiece(for: id) }
        sources[id]?.suggested.removeAll { verified.contains($0) || partial[$0] != nil }
        // A suggestion can be ahead of the HAVE that it is about.
        guard let at = sources[id]?.suggested.firstIndex(where: { source.has.contains($0) }) else { return nil }
        return sources[id]?.suggested.remove(at: at)
    }

    private mutating func take(_ block: Block, _ number: Int, _ id: SourceID, _ now: BootTime, _ blocks: inout [Block])
    {
        partial[block.piece]?.askedOf[number, default: []].append(id)
        sources[id]?.outstanding[block] = now
        blocks.append(block)
    }

    private func mayAsk(_ id: SourceID, for progress: PieceProgress) -> Bool {
        !progress.isVerifying && (progress.soleSource == nil || progress.soleSource == id)
    }

    /// A piece that is begun comes before a new one: it can be shared sooner.
    private func startedPiece(for id: SourceID) -> PieceIndex? {
        guard let source = sources[id] else { return nil }
        return partial.filter { piece, progress in
            source.has.contains(piece) && mayAsk(id, for: progress) && progress.nextFree() != nil
        }.keys.min()
    }

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
        for piece in source.has.pieces where !verified.contains(piece) && partial[piece] == nil {
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

    /// Everything missing is asked of somebody: the idle help out, a second source at most for each block.
    private mutating func endgame(_ count: Int, _ id: SourceID, _ now: BootTime, _ blocks: inout [Block]) {
        guard let source = sources[id] else { return }
        for piece in partial.keys.sorted() where source.has.contains(piece) {
            guard let progress = partial[piece], mayAsk(id, for: progress) else { continue }
            for number in progress.blocks.indices where progress.blocks[number] == .missing {
                let asked = progress.askedOf[number] ?? []
                guard blocks.count < count, asked.count < Limits.endgameCopies, !asked.contains(id) else { continue }
                take(geometry.block(number, of: piece), number, id, now, &blocks)
            }
        }
    }

    // MARK: HTTP

    private mutating func fillFetches(_ id: SourceID, _ kind: SourceKind, _ actions: inout [DownloadAction]) {
        guard assist.isAssisting, kind == .originHTTP || !policy.originOnly else { return }
        let most = kind == .relayHTTP ? Limits.parallelRelayFetches : 1
        while (sources[id]?.fetches.count ?? most) < most, let piece = pieceToFetch(for: id) {
            if partial[piece] == nil { partial[piece] = PieceProgress(blockCount: geometry.blockCount(of: piece)) }
            guard let progress = partial[piece], let first = progress.nextFree() else { return }
            // From the first missing block to the next one that somebody else has or brings.
            var last = first
            while last + 1 < progress.blocks.count, progress.blocks[last + 1] == .missing,
                progress.askedOf[last + 1] == nil
            {
                last += 1
            }
            for number in first...last { partial[piece]?.askedOf[number, default: []].append(id) }
            sources[id]?.fetches.insert(piece)
            let start = geometry.range(of: piece).start
            let end = geometry.block(last, of: piece)
            actions.append(
                .fetch(
                    id,
                    piece,
                    ByteRange(
                        start: start + UInt64(geometry.block(first, of: piece).offset),
                        end: start + UInt64(end.offset) + UInt64(end.length)
                    )
                )
            )
        }
    }

    /// Whether a connection to the origin would have anything to do: pieces that wait for their proof need none.
    var hasMoreToFetch: Bool {
        if sources.values.contains(where: { $0.kind == .originHTTP && !$0.fetches.isEmpty }) { return true }
        if partial.values.contains(where: { !$0.isVerifying && $0.nextFree() != nil }) { return true }
        return hasRoomForPieces && verified.count.int + partial.count < geometry.pieceCount.int
    }

    /// What BitTorrent lacks: pieces nobody brings, those first whose hash is known, in order.
    private mutating func pieceToFetch(for id: SourceID) -> PieceIndex? {
        guard let source = sources[id] else { return nil }
        let started = partial.filter { piece, progress in
            !source.fetches.contains(piece) && source.has.contains(piece) && progress.soleSource == nil
                && !progress.isVerifying && progress.nextFree() != nil
        }.keys.min()
        if let started { return started }
        guard hasRoomForPieces else { return nil }
        var unproven: PieceIndex?
        for piece in geometry.pieceCount.indices where !verified.contains(piece) && partial[piece] == nil {
            guard source.has.contains(piece) else { continue }
            if provable.contains(piece) { return piece }
            unproven = unproven ?? piece
        }
        return unproven
    }

    // MARK: Invariants

    /// What must hold after every event; checked in tests and simulation.
    package func checkInvariants() {
        for (piece, progress) in partial {
            precondition(!verified.contains(piece), "a verified piece is still under way")
            precondition(
                progress.blocks.count { $0 == .received } == progress.receivedCount,
                "received blocks miscounted"
            )
            for (number, asked) in progress.askedOf {
                precondition(progress.blocks[number] == .missing, "a received block is still asked for")
                precondition(Set(asked).count == asked.count, "a source is asked twice for one block")
            }
        }
        for source in sources.values {
            precondition(source.outstanding.count <= Limits.maximumQueueDepth, "a source is asked for too much")
        }
        precondition(partial.count <= Limits.maximumPartialPieces + 1, "too many pieces under way")
    }
}
