internal import Manifest
internal import Units

/// What sources owe, and when they owe it no more.
extension DownloadEngine {
    /// A piece that is missing is under way from now on.
    mutating func begin(_ piece: PieceIndex) {
        guard partial[piece] == nil else { return }
        partial[piece] = PieceProgress(blockCount: geometry.blockCount(of: piece))
        open.insert(piece)
    }

    /// A source owes a block from now on.
    mutating func asked(_ id: SourceID, _ block: Block, at now: BootTime) {
        if sources[id]?.outstanding.isEmpty == true, sources[id]?.kind == .agentPeer { load.agents += 1 }
        if sources[id]?.outstanding.updateValue(now, forKey: block) == nil { load.owed += 1 }
    }

    /// What a source was asked for is asked of nobody again, and will not come.
    mutating func release(_ id: SourceID) {
        for block in sources[id]?.outstanding.keys.map(\.self) ?? [] {
            answered(id, block)
            forget(block, of: id)
            downBucket.giveBack(ByteCount(block.length))
        }
        for piece in sources[id]?.fetches ?? [] { forgetFetch(piece, of: id) }
        sources[id]?.fetches = []
    }

    /// Returns whether the source was asked for the block.
    @discardableResult
    mutating func forget(_ block: Block, of id: SourceID) -> Bool {
        let number = Int(block.offset / Block.maximumLength)
        guard let at = partial[block.piece]?.askedOf[number]?.firstIndex(of: id) else { return false }
        partial[block.piece]?.askedOf[number]?.remove(at: at)
        if partial[block.piece]?.askedOf[number]?.isEmpty == true {
            partial[block.piece]?.askedOf[number] = nil
            open.insert(block.piece)
        }
        return true
    }

    /// A source owes a block no more. Returns when it was asked for it, nil where it was not.
    @discardableResult
    mutating func answered(_ id: SourceID, _ block: Block) -> BootTime? {
        guard let asked = sources[id]?.outstanding.removeValue(forKey: block) else { return nil }
        load.owed -= 1
        if sources[id]?.kind == .agentPeer, sources[id]?.outstanding.isEmpty == true { load.agents -= 1 }
        return asked
    }

    /// What was charged for a fetch and has not come is given back.
    mutating func forgetFetch(_ piece: PieceIndex, of id: SourceID) {
        guard let progress = partial[piece] else { return }
        for block in progress.blocks.indices.map({ geometry.block($0, of: piece) }) where forget(block, of: id) {
            downBucket.giveBack(ByteCount(block.length))
            assistBucket.giveBack(ByteCount(block.length))
        }
    }

    mutating func expireRequests(of id: SourceID, _ now: BootTime) {
        guard let source = sources[id], source.kind.isPeer else { return }
        if source.isSilent(at: now) { freePieces(of: id) }
        let expired = source.outstanding.filter { now - $0.value > Limits.blockPatience }.keys
        guard !expired.isEmpty else { return }
        // Others may be asked too; the answer still counts when it comes. Who has been silent all the while is left alone.
        for block in expired {
            forget(block, of: id)
            answered(id, block)
        }
        guard now - source.lastAnswer > Limits.blockPatience else { return }
        sources[id]?.notBefore = now + Limits.blockPatience * (1 << min(source.failures, 3))
        sources[id]?.failures += 1
    }

    /// Once a tick, as silence comes with time alone.
    mutating func lookForSilence(_ now: BootTime) {
        load.owedBySilent = 0
        load.agentsAtRest = 0
        for source in sources.values where !source.outstanding.isEmpty {
            if source.isSilent(at: now) { load.owedBySilent += source.outstanding.count }
            if source.kind == .agentPeer, now - source.lastAnswer >= Limits.flowPatience { load.agentsAtRest += 1 }
        }
    }
}
