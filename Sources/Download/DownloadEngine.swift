package import Manifest
package import Units

/// Decides which block to ask of which source next (DESIGN.md section 6). No I/O; time and the seed are arguments.
///
/// A piece goes: missing → partly received → received → (provable) verifying → verified, or failed and missing again.
/// Revoked, a piece that was verified is doubted: its bytes are kept, it counts no more, and it is not fetched; once it is
/// provable again it is verified anew as it is, or it differs and is missing.
/// A block that comes unasked or twice is counted as duplicate and dropped (legal noise).
package struct DownloadEngine: Sendable {
    package let geometry: PieceGeometry
    let policy: AssistPolicy
    package internal(set) var verified: PieceSet
    package internal(set) var totals = SourceTotals()
    package internal(set) var assist: AssistSwitch
    var provable: PieceSet
    /// Pieces that were verified until their hashes were revoked, and that are not told to be another since.
    var doubted: PieceSet
    /// Pieces whose hashes were ever revoked, and when some last were: who sends the old bytes need not lie.
    var revised: PieceSet
    var revisedAt: BootTime?
    var availability: [UInt16]
    var partial: [PieceIndex: PieceProgress] = [:]
    /// Pieces under way that may have blocks which nobody is asked for; those that have some are all here.
    var open: PieceSet
    var suspects = BlockSuspects()
    var load = PeerLoad()
    /// Whether some peer was asked for less than it could bring when all were looked at last, because others owe so much.
    var othersWait = false
    var sources: [SourceID: Source] = [:]
    /// When something answered over HTTP last.
    var httpAnsweredAt: BootTime?
    /// Whether the network cuts peers off again and again.
    package var peersAreCutOff = false
    /// Relays at our own site, and when a peer there brought something last.
    var nearRelays = 0
    var nearBrought: BootTime
    var generator: SeededGenerator
    var peerMeter: RateMeter
    /// The peers' rate just now, by which assist starts and stops.
    var promptMeter: RateMeter
    /// What may be asked for under the node's own limit.
    var downBucket: TokenBucket
    /// What HTTP may bring beside BitTorrent.
    var assistBucket: TokenBucket
    var isOver = false
    var wantsOrigin = false

    /// `verified` is what an earlier run left, proven.
    package init(geometry: PieceGeometry, verified: PieceSet, policy: AssistPolicy, seed: UInt64, at now: BootTime) {
        self.geometry = geometry
        self.policy = policy
        self.verified = verified
        self.provable = verified
        self.doubted = PieceSet(capacity: geometry.pieceCount)
        self.revised = PieceSet(capacity: geometry.pieceCount)
        self.open = PieceSet(capacity: geometry.pieceCount)
        self.availability = Array(repeating: 0, count: geometry.pieceCount.int)
        self.nearBrought = now
        self.generator = SeededGenerator(seed: seed)
        self.assist = AssistSwitch(policy: policy, size: geometry.size, at: now)
        self.peerMeter = RateMeter(at: now)
        self.promptMeter = RateMeter(at: now, over: .seconds(1))
        self.downBucket = TokenBucket(rate: BytesPerSecond(rawValue: .max), at: now)
        self.assistBucket = TokenBucket(rate: BytesPerSecond(rawValue: .max), at: now)
        if verified.isFull { over(at: now) }
    }

    /// Nothing is asked for any more, and the time that passes says nothing about anybody.
    private mutating func over(at now: BootTime) {
        isOver = true
        wantsOrigin = false
        assist.paused(at: now)
    }

    /// At most `rate` is asked for over all sources from now on; nil is no limit, zero a pause.
    package mutating func rateLimited(to rate: BytesPerSecond?, at now: BootTime) {
        let rate = rate ?? BytesPerSecond(rawValue: .max)
        guard rate != downBucket.rate else { return }
        downBucket.rateChanged(to: rate, at: now)
        if rate == .zero { assist.paused(at: now) } else { assist.resumed(at: now) }
    }

    package var isComplete: Bool { verified.isFull }

    /// Whether the piece's right hash is known.
    package func isProvable(_ piece: PieceIndex) -> Bool { provable.contains(piece) }

    /// Whether a source has what is wanted.
    package func isWanted(of id: SourceID) -> Bool { sources[id]?.has.hasAny(missingFrom: verified) ?? false }

    /// Whether a connected peer has the piece.
    package func isOffered(_ piece: PieceIndex) -> Bool { geometry.contains(piece) && availability[piece.int] > 0 }

    /// Bytes of verified pieces.
    package var verifiedBytes: ByteCount {
        guard !verified.isFull else { return geometry.size }
        let last = PieceIndex(geometry.pieceCount.rawValue - 1)
        let whole = UInt64(verified.count.rawValue) * UInt64(geometry.pieceLength)
        let short = UInt64(geometry.pieceLength) - UInt64(geometry.length(of: last))
        return ByteCount(rawValue: verified.contains(last) ? whole - short : whole)
    }

    // MARK: Sources

    package mutating func sourceAdded(
        _ id: SourceID,
        _ kind: SourceKind,
        has: PieceSet,
        isChoked: Bool,
        at now: BootTime,
        into actions: inout [DownloadAction]
    ) {
        guard sources[id] == nil else { return }
        sources[id] = Source(kind: kind, has: has, isChoked: isChoked, meter: RateMeter(at: now))
        if kind == .relayPeer {
            nearRelays += 1
            nearBrought = now
        }
        if kind.isPeer {
            for piece in has.pieces { availability[piece.int] &+= 1 }
        }
        fill(id, now, &actions)
    }

    /// A source is at another site: while a relay at our own brings something, nothing is asked of it, so that each piece comes
    /// to a site once.
    package mutating func sourceIsFar(_ id: SourceID, at now: BootTime) {
        guard let source = sources[id], !source.isFar else { return }
        sources[id]?.isFar = true
        if source.kind == .relayPeer { nearRelays -= 1 }
    }

    package mutating func sourceHas(
        _ id: SourceID,
        _ pieces: [PieceIndex],
        at now: BootTime,
        into actions: inout [DownloadAction]
    ) {
        guard sources[id] != nil else { return }
        for piece in pieces where geometry.contains(piece) {
            guard sources[id]?.has.insert(piece) == true else { continue }
            if sources[id]?.kind.isPeer == true { availability[piece.int] &+= 1 }
        }
        fill(id, now, &actions)
    }

    /// A source would rather give this piece than another.
    package mutating func sourceSuggests(
        _ id: SourceID,
        _ piece: PieceIndex,
        at now: BootTime,
        into actions: inout [DownloadAction]
    ) {
        guard geometry.contains(piece), let source = sources[id], source.suggested.count < Limits.rememberedSuggestions
        else { return }
        sources[id]?.suggested.append(piece)
        sources[id]?.lastSuggestion = now
        fill(id, now, &actions)
    }

    package mutating func sourceUnchoked(_ id: SourceID, at now: BootTime, into actions: inout [DownloadAction]) {
        sources[id]?.isChoked = false
        fill(id, now, &actions)
    }

    /// A choke takes its requests with it unless the peer speaks the fast extension, whose rejects then come one by one.
    package mutating func sourceChoked(_ id: SourceID, at now: BootTime, into actions: inout [DownloadAction]) {
        sources[id]?.isChoked = true
        sources[id]?.queue = QueueDepth()
        release(id)
        freePieces(of: id)
        fillAll(now, &actions)
    }

    package mutating func sourceLost(_ id: SourceID, at now: BootTime, into actions: inout [DownloadAction]) {
        release(id)
        guard let source = sources.removeValue(forKey: id) else { return }
        if source.kind == .relayPeer, !source.isFar { nearRelays -= 1 }
        if source.kind.isPeer {
            for piece in source.has.pieces { availability[piece.int] &-= 1 }
        }
        freePieces(of: id)
        fillAll(now, &actions)
    }

    /// No piece waits for this source alone any more.
    mutating func freePieces(of id: SourceID) {
        for piece in partial.keys where partial[piece]?.soleSource == id { partial[piece]?.soleSource = nil }
    }

    // MARK: Blocks

    /// A block has arrived. Returns whether its bytes are wanted; a false one is dropped.
    package mutating func blockArrived(
        _ id: SourceID,
        _ block: Block,
        at now: BootTime,
        into actions: inout [DownloadAction]
    ) -> Bool {
        let bytes = ByteCount(block.length)
        let kind = sources[id]?.kind ?? .agentPeer
        let asked = answered(id, block)
        sources[id]?.meter.add(bytes.rawValue)
        sources[id]?.failures = 0
        sources[id]?.lastAnswer = now
        if kind == .relayHTTP { httpAnsweredAt = now }
        sources[id]?.queue.blockArrived(after: asked.map { now - $0 }, at: now)
        if kind.isPeer {
            peerMeter.add(bytes.rawValue)
            promptMeter.add(bytes.rawValue)
            if sources[id]?.isFar == false { nearBrought = now }
        }
        let number = Int(block.offset / Block.maximumLength)
        guard var progress = partial[block.piece], number < progress.blocks.count,
            geometry.block(number, of: block.piece) == block, progress.blocks[number] == .missing,
            progress.soleSource == nil || progress.soleSource == id
        else {
            totals.duplicate += bytes
            fill(id, now, &actions)
            return false
        }
        totals.add(bytes, from: kind)
        progress.blocks[number] = .received
        progress.receivedCount += 1
        progress.sentBy[number] = id
        progress.since = progress.since ?? now
        for other in progress.askedOf.removeValue(forKey: number) ?? [] where other != id {
            answered(other, block)
            if sources[other]?.kind.isPeer == true { actions.append(.cancel(other, [block])) }
        }
        partial[block.piece] = progress
        if progress.isReceived {
            // The faster one has won.
            cancelFetches(of: block.piece, but: id, &actions)
            verifyIfProvable(block.piece, &actions)
        }
        refill(id, now, &actions)
        return true
    }

    /// A peer will not send a block it was asked for (BEP 6).
    package mutating func requestRejected(
        _ id: SourceID,
        _ block: Block,
        at now: BootTime,
        into actions: inout [DownloadAction]
    ) {
        guard answered(id, block) != nil else { return }
        downBucket.giveBack(ByteCount(block.length))
        forget(block, of: id)
        sources[id]?.notBefore = now + .milliseconds(200)
        if partial[block.piece]?.soleSource == id { partial[block.piece]?.soleSource = nil }
        fillAll(now, &actions)
    }

    /// A relay has answered over HTTP, whatever it was asked.
    package mutating func httpAnswered(at now: BootTime) { httpAnsweredAt = now }

    /// An HTTP fetch is over; what it did not bring is asked of somebody else. A failure pauses the source.
    package mutating func fetchEnded(
        _ id: SourceID,
        _ piece: PieceIndex,
        failed: Bool,
        at now: BootTime,
        into actions: inout [DownloadAction]
    ) {
        guard sources[id]?.fetches.remove(piece) != nil else { return }
        forgetFetch(piece, of: id)
        if failed { fetchFailed(id, now) }
        fillAll(now, &actions)
    }

    private mutating func fetchFailed(_ id: SourceID, _ now: BootTime) {
        guard let failures = sources[id]?.failures else { return }
        sources[id]?.failures = failures + 1
        let pause = min(30, 0.2 * Double(1 << min(failures, 8))) * Double.random(in: 0.8...1.2, using: &generator)
        sources[id]?.notBefore = now + .seconds(pause)
    }

    /// A source that brings nothing of what it has for certain is given up for a while, and others bring it.
    mutating func expireFetches(of id: SourceID, _ now: BootTime, _ actions: inout [DownloadAction]) {
        guard let source = sources[id], !source.kind.isPeer, source.isSilent(at: now, for: Limits.fetchPatience) else {
            return
        }
        let expired = source.fetches.filter { provable.contains($0) }.sorted()
        guard !expired.isEmpty else { return }
        for piece in expired {
            sources[id]?.fetches.remove(piece)
            forgetFetch(piece, of: id)
            actions.append(.cancelFetch(id, piece))
        }
        fetchFailed(id, now)
    }

    // MARK: Proof

    package mutating func piecesProvable(
        _ pieces: [PieceIndex],
        at now: BootTime,
        into actions: inout [DownloadAction]
    ) {
        for piece in pieces where geometry.contains(piece) && provable.insert(piece) {
            if doubted.contains(piece) {
                actions.append(.reprove(piece))
            } else if partial[piece]?.isReceived == true {
                verifyIfProvable(piece, &actions)
            }
        }
        // Peers are asked for pieces whatever is known of them; over HTTP what can be proven comes first.
        fillFetchers(now, &actions)
    }

    /// The hashes of pieces hold no more: control has raised the epoch. What was verified, or was just being verified, is
    /// doubted; a download that was complete goes on.
    package mutating func piecesRevoked(
        _ pieces: [PieceIndex],
        at now: BootTime,
        into actions: inout [DownloadAction]
    ) {
        if !pieces.isEmpty { revisedAt = now }
        for piece in pieces where geometry.contains(piece) {
            provable.remove(piece)
            revised.insert(piece)
            suspects.forget(piece)
            if partial[piece]?.isVerifying == true {
                withdraw(piece, &actions)
                doubted.insert(piece)
            }
            if verified.remove(piece) { doubted.insert(piece) }
        }
        if isOver, !verified.isFull {
            isOver = false
            if downBucket.rate != .zero { assist.resumed(at: now) }
        }
        fillAll(now, &actions)
    }

    /// A doubted piece is not what its new hash says: it is fetched like any other.
    package mutating func pieceDiffers(
        _ piece: PieceIndex,
        at now: BootTime,
        into actions: inout [DownloadAction]
    ) {
        guard doubted.remove(piece) else { return }
        fillAll(now, &actions)
    }

    private mutating func verifyIfProvable(_ piece: PieceIndex, _ actions: inout [DownloadAction]) {
        guard provable.contains(piece), partial[piece]?.isVerifying == false else { return }
        partial[piece]?.isVerifying = true
        actions.append(.verify(piece))
    }

    /// Whether `pieceVerified` has to be told what the blocks of the piece are like.
    package func isSuspect(_ piece: PieceIndex) -> Bool { suspects.contains(piece) }

    /// The cache has the piece, proven. Equal blocks have equal fingerprints; they are needed of a suspect piece.
    package mutating func pieceVerified(
        _ piece: PieceIndex,
        fingerprints: [Int] = [],
        at now: BootTime,
        into actions: inout [DownloadAction]
    ) {
        withdraw(piece, &actions)
        let liars = suspects.pieceVerified(piece, fingerprints: fingerprints).sorted()
        doubted.remove(piece)
        guard verified.insert(piece) else { return }
        for liar in liars where sources[liar] != nil { ban(liar, now, &actions) }
        if verified.isFull, !isOver {
            over(at: now)
            actions.append(.completed)
        }
        fillAll(now, &actions)
    }

    /// The piece does not match its hash. One sender is to blame at once. Where there were several, one of them is asked for
    /// the whole piece, and is to blame if it fails again; once the piece is right, those are whose blocks were others.
    package mutating func pieceFailed(
        _ piece: PieceIndex,
        fingerprints: [Int] = [],
        at now: BootTime,
        into actions: inout [DownloadAction]
    ) {
        let progress = partial[piece]
        let senders = progress?.senders ?? []
        withdraw(piece, &actions)
        doubted.remove(piece)
        actions.append(.discard(piece))
        if pardon(progress, piece, now) {
            // It may come right from them in a while.
        } else if senders.count == 1, let liar = senders.first {
            ban(liar, now, &actions)
        } else {
            suspects.pieceFailed(piece, senders: progress?.sentBy ?? [], fingerprints: fingerprints)
            if let again = senders.filter({ mayAskAlone($0) }).min() {
                begin(piece)
                partial[piece]?.soleSource = again
            }
        }
        fillAll(now, &actions)
    }

    private func mayAskAlone(_ id: SourceID) -> Bool { sources[id].map { $0.kind.isPeer && !$0.isChoked } ?? false }

    /// Bytes that came so soon after a revocation may be those of before: their senders are left alone for a while, and the
    /// piece is fetched again.
    private mutating func pardon(_ progress: PieceProgress?, _ piece: PieceIndex, _ now: BootTime) -> Bool {
        guard let revisedAt, revised.contains(piece), let progress, let since = progress.since,
            since < revisedAt + Limits.revisionGrace
        else { return false }
        for id in progress.senders { sources[id]?.notBefore = now + Limits.revisionPause }
        return true
    }

    private mutating func withdraw(_ piece: PieceIndex, _ actions: inout [DownloadAction]) {
        guard let progress = partial.removeValue(forKey: piece) else { return }
        for (number, asked) in progress.askedOf {
            let block = geometry.block(number, of: piece)
            for id in asked where answered(id, block) != nil {
                actions.append(.cancel(id, [block]))
            }
        }
        cancelFetches(of: piece, but: nil, &actions)
    }

    private mutating func cancelFetches(of piece: PieceIndex, but winner: SourceID?, _ actions: inout [DownloadAction])
    {
        for (id, source) in sources where id != winner && source.fetches.contains(piece) {
            sources[id]?.fetches.remove(piece)
            actions.append(.cancelFetch(id, piece))
        }
    }

    private mutating func ban(_ id: SourceID, _ now: BootTime, _ actions: inout [DownloadAction]) {
        actions.append(.ban(id))
        sourceLost(id, at: now, into: &actions)
    }
}
