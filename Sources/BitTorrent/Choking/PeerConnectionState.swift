package import Manifest
package import Units

/// One connection after its handshake: who chokes whom, what was asked both ways (BEP 3, BEP 6).
///
/// Bad events. Ours: asking while choked, or past the limit, gives `false`, the caller keeps the block. The peer's: an
/// impossible piece, bit field or request throws and the connection ends. Legal noise, counted and dropped: blocks that
/// we did not ask for or have cancelled, rejects of them, doubled choke and interest, requests while choked from a peer
/// without the fast extension.
package struct PeerConnectionState: Sendable {
    package let geometry: PieceGeometry
    package let speaksFast: Bool
    /// Whether we choke the peer.
    package private(set) var isChoking = true
    /// Whether the peer chokes us.
    package private(set) var isChoked = true
    /// Whether we said that we want something.
    package private(set) var isInterested = false
    package private(set) var peerIsInterested = false
    package private(set) var peerPieces: PieceSet
    /// Messages that meant nothing.
    package private(set) var droppedMessages: UInt64 = 0
    /// What we wait for, with the time it was asked.
    package private(set) var sent: [Block: BootTime] = [:]
    /// Blocks to send, oldest at `uploadHead`.
    private var uploads: [Block] = []
    private var uploadHead = 0
    private var allowedFast: Set<PieceIndex> = []
    private var isFirstMessage = true

    /// Right after the handshakes.
    package init(geometry: PieceGeometry, speaksFast: Bool) {
        self.geometry = geometry
        self.speaksFast = speaksFast
        peerPieces = PieceSet(capacity: geometry.pieceCount)
    }

    /// How many blocks wait to be sent.
    package var queuedUploads: Int { uploads.count - uploadHead }

    /// A message arrived.
    package mutating func messageArrived(
        _ message: PeerMessage,
        have: (PieceIndex) -> Bool,
        into actions: inout [PeerAction]
    ) throws(WireError) {
        defer { if !Self.isNeutral(message) { isFirstMessage = false } }
        switch message {
        case .keepAlive, .port, .unknown, .hashes, .hashReject: break
        case .choke: choked(into: &actions)
        case .unchoke:
            guard isChoked else { return drop() }
            isChoked = false
            actions.append(.peerUnchoked)
        case .interested:
            guard !peerIsInterested else { return drop() }
            peerIsInterested = true
            actions.append(.peerInterested)
        case .notInterested:
            guard peerIsInterested else { return drop() }
            peerIsInterested = false
            actions.append(.peerNotInterested)
        case .have(let piece):
            guard geometry.contains(piece) else { throw .pieceOutOfRange }
            if peerPieces.insert(piece) { actions.append(.peerHas([piece])) }
        case .bitField, .haveAll, .haveNone: try opening(message, into: &actions)
        case .request(let block): try requested(block, have: have, into: &actions)
        case .cancel(let block): cancelled(block, into: &actions)
        case .piece(let block):
            guard sent.removeValue(forKey: block) != nil else { return drop() }
            actions.append(.received(block))
        case .reject(let block):
            guard speaksFast else { throw .fastExtensionNotNegotiated }
            guard sent.removeValue(forKey: block) != nil else { return drop() }
            actions.append(.rejected(block))
        case .allowedFast(let piece):
            guard speaksFast else { throw .fastExtensionNotNegotiated }
            guard geometry.contains(piece), allowedFast.count < Limits.maximumAllowedFastReceived else { return drop() }
            allowedFast.insert(piece)
        case .suggest(let piece):
            guard speaksFast else { throw .fastExtensionNotNegotiated }
            guard geometry.contains(piece) else { return drop() }
            actions.append(.peerSuggests(piece))
        case .extended(let id, let payload): actions.append(.extended(id, payload))
        case .hashRequest(let request): actions.append(.hashRequested(request))
        }
    }

    /// We want blocks; returns whether the request may be sent now.
    package mutating func request(_ block: Block, at now: BootTime) -> Bool {
        guard geometry.contains(block.piece), !isChoked || allowedFast.contains(block.piece) else { return false }
        guard sent.count < Limits.maximumSentRequests, sent[block] == nil, peerPieces.contains(block.piece) else {
            return false
        }
        sent[block] = now
        return true
    }

    /// We no longer want a block; returns whether a cancel has to be sent. With the fast extension the peer still answers
    /// with the block or a reject, and either is dropped.
    package mutating func cancel(_ block: Block) -> Bool { sent.removeValue(forKey: block) != nil }

    /// We want something, or nothing any more; the message to send, nil without change.
    package mutating func setInterested(_ isInterested: Bool) -> PeerMessage? {
        guard isInterested != self.isInterested else { return nil }
        self.isInterested = isInterested
        return isInterested ? .interested : .notInterested
    }

    /// The choker decided. Choking drops what is queued, with rejects where the peer knows them (BEP 6).
    package mutating func setChoking(_ isChoking: Bool, into actions: inout [PeerAction]) {
        guard isChoking != self.isChoking else { return }
        self.isChoking = isChoking
        actions.append(.send(isChoking ? .choke : .unchoke))
        guard isChoking else { return }
        if speaksFast { for block in uploads[uploadHead...] { actions.append(.send(.reject(block))) } }
        uploads.removeAll(keepingCapacity: true)
        uploadHead = 0
    }

    /// The next block to send, taken off the queue.
    package mutating func nextUpload() -> Block? {
        guard uploadHead < uploads.count else { return nil }
        let block = uploads[uploadHead]
        uploadHead += 1
        if uploadHead == uploads.count {
            uploads.removeAll(keepingCapacity: true)
            uploadHead = 0
        }
        return block
    }

    /// The age of the oldest request we wait for.
    package func oldestRequest(at now: BootTime) -> Duration? { sent.values.min().map { now - $0 } }

    private mutating func drop() { droppedMessages += 1 }

    private static func isNeutral(_ message: PeerMessage) -> Bool {
        // libtorrent and others send their extension handshake before the bit field.
        switch message {
        case .keepAlive, .extended, .port, .unknown: true
        default: false
        }
    }

    private mutating func choked(into actions: inout [PeerAction]) {
        guard !isChoked else { return drop() }
        isChoked = true
        actions.append(.peerChoked)
        // With BEP 6 every request is answered or rejected one by one; without, a choke drops them all.
        guard !speaksFast else { return }
        for block in sent.keys.sorted() { actions.append(.rejected(block)) }
        sent.removeAll()
    }

    /// Everything the peer has. BEP 3 wants it first; aria2 sends it again in place of many HAVEs, so a later one adds.
    private mutating func opening(_ message: PeerMessage, into actions: inout [PeerAction]) throws(WireError) {
        let told: PieceSet
        switch message {
        case .bitField(let bytes):
            guard let set = PieceSet(bitField: bytes, capacity: geometry.pieceCount) else { throw .badBitField }
            told = set
        case .haveAll where speaksFast: told = PieceSet(full: geometry.pieceCount)
        case .haveNone where speaksFast: told = PieceSet(capacity: geometry.pieceCount)
        default: throw .fastExtensionNotNegotiated
        }
        guard !isFirstMessage else {
            peerPieces = told
            return actions.append(.peerHasSet(told))
        }
        var new = told
        new.subtract(peerPieces)
        guard !new.isEmpty else { return drop() }
        peerPieces.formUnion(new)
        actions.append(.peerHas(new.pieces))
    }

    private mutating func requested(
        _ block: Block,
        have: (PieceIndex) -> Bool,
        into actions: inout [PeerAction]
    ) throws(WireError) {
        guard geometry.contains(block.piece) else { throw .pieceOutOfRange }
        guard (1...Limits.maximumRequestLength).contains(block.length) else { throw .requestTooLong }
        guard UInt64(block.offset) + UInt64(block.length) <= UInt64(geometry.length(of: block.piece)) else {
            throw .pieceOutOfRange
        }
        guard !isChoking, have(block.piece), queuedUploads < Limits.maximumQueuedRequests else {
            drop()
            if speaksFast { actions.append(.send(.reject(block))) }
            return
        }
        if uploadHead > 256 {
            uploads.removeFirst(uploadHead)
            uploadHead = 0
        }
        uploads.append(block)
        actions.append(.uploadQueued)
    }

    private mutating func cancelled(_ block: Block, into actions: inout [PeerAction]) {
        guard let index = uploads[uploadHead...].firstIndex(of: block) else { return drop() }
        uploads.remove(at: index)
        if speaksFast { actions.append(.send(.reject(block))) }
    }
}
