internal import Logging
internal import Manifest
internal import RPC
internal import SluiceAPI
internal import Store
internal import Transport
internal import Units

/// Who pulls what of a blob, as relays come, go, and turn out to be slow. A node hears of it by a new revision of its task
/// with a new grant; what it no longer owns it takes from its fellows.
extension Fleet {
    /// How long a relay's stream may be gone before others pull its stripes.
    static var relayPatience: Duration { .seconds(3) }
    /// The same after a start of control, which all relays have to find again first: they try every 30 s at least
    /// (`ReconnectBackoff.fleet`), and pull what they may meanwhile.
    static var returnPatience: Duration { .seconds(35) }
    /// How long a question to a relay may stay without an answer.
    private static var answerPatience: Duration { .seconds(5) }
    /// What a relay finishes within this time is its own.
    private static var timeWorthSaving: Duration { .seconds(2) }

    /// The stripes as they will be once an order's relays pull too.
    func stripes(for order: CheckedOrder) -> PullStripes {
        let relays = order.relays.map(\.node)
        guard var known = blobs[order.identity.blobID]?.stripes, !known.allRelays.isEmpty else {
            return PullStripes(pieces: order.geometry.pieceCount, relays: relays)
        }
        for relay in relays { _ = known.relayJoined(relay) }
        return known
    }

    /// The stripes that stored tasks have out.
    static func stripes(out tasks: [TaskRecord], pieces: PieceCount) -> PullStripes {
        let owners = tasks.compactMap { task -> (relay: NodeID, stripes: [PieceRange])? in
            guard let work = task.relayTask, let grant = try? PullGrant(decoding: work.pullGrant) else { return nil }
            return (task.node, grant.stripes)
        }
        return PullStripes(pieces: pieces, owners: owners)
    }

    /// A relay came (back): what nobody pulls is its own.
    func relayJoined(_ id: NodeID) async throws {
        let now = BootClock.now()
        for blob in blobs.keys { blobs[blob]?.paces[id]?.pulled(0, at: now) }
        // By key, and each as it is by then: others change them while this one is stored.
        for blob in Array(blobs.keys) where relayTasks(of: blob).contains(where: { $0.node == id }) {
            guard blobs[blob]?.stripes.relayJoined(id) == true else { continue }
            try await grantAgain(blob, to: [id])
        }
    }

    /// A relay's stream is gone: others pull its stripes if it does not come back for a while.
    func awaitReturn(of relay: NodeID, for patience: Duration) {
        Task {
            try? await Task.sleep(for: patience)
            await relaySilent(relay)
        }
    }

    /// Control has started: relays that pulled something have yet to come back, and some may never.
    func awaitRelays() {
        let now = BootClock.now()
        for (blob, hashes) in blobs {
            for relay in hashes.stripes.allRelays { blobs[blob]?.paces[relay] = RelayPace(at: now) }
        }
        for relay in Set(blobs.values.flatMap(\.stripes.allRelays)) { awaitReturn(of: relay, for: Self.returnPatience) }
    }

    /// A relay's stream has been gone for a while: its stripes go to those that are there.
    func relaySilent(_ id: NodeID) async {
        guard nodes[id]?.isConnected != true else { return }
        nodes[id]?.isGone = true
        await enlistOthers()
        for blob in Array(blobs.keys) { await inherit(from: id, blob) }
    }

    /// What a relay that is gone has of a blob goes to those that are there.
    func inherit(from id: NodeID, _ blob: BlobID) async {
        guard !isConnected(id), let hashes = blobs[blob], hashes.stripes.allRelays.contains(id) else { return }
        let others = hashes.stripes.allRelays.filter { $0 != id && isConnected($0) }
        guard !others.isEmpty, hashes.manifest.allHashes == nil || !isComplete(blob, at: others) else { return }
        // What it pulled may have left it or not: the heirs ask the origin only for what no peer of theirs has.
        let none = PieceSet(capacity: hashes.geometry.pieceCount)
        guard let grown = blobs[blob]?.stripes.relayLost(id, pulled: none) else { return }
        logger.warning("\(id) is gone; its part of \(blob) goes to \(grown.map(\.text).joined(separator: ", "))")
        do {
            try await grantAgain(blob, to: grown + [id])
        } catch {
            logger.error("new grants for \(blob) could not be stored: \(error)")
        }
    }

    /// Something was heard of a blob: a relay that has pulled all it owns may take over from one that is slower. That one is
    /// asked first what it has not begun, so that no piece leaves the origin twice.
    func relaysMayHelp(with blob: BlobID) async throws {
        guard let hashes = blobs[blob], hashes.stripes.allRelays.count > 1, !hashes.manifest.isComplete else { return }
        let now = BootClock.now()
        if let asked = hashes.asked, now - asked.at < Self.answerPatience { return }
        let done = relayTasks(of: blob).filter { $0.state == .completed }.map(\.node)
        let pulled = hashes.pulled(done: Set(done))
        let shares = PullShares(pieceLength: hashes.geometry.pieceLength)
        for id in hashes.stripes.allRelays where isConnected(id) {
            let takeover = hashes.stripes.takeover(
                by: id,
                pulled: pulled,
                least: shares.worthMoving
            ) { relay, open in
                guard let pace = hashes.paces[relay] else { return isConnected(relay) ? .max : 0 }
                let patience = isConnected(relay) ? shares.patience(with: pace) : Self.returnPatience
                if now - pace.lastHeard > patience { return 0 }
                return pace.expected(for: open) > Self.timeWorthSaving ? shares.underWay : .max
            }
            guard let takeover else { continue }
            if takeover.isStalled {
                return try await move(takeover.pieces, of: blob, from: takeover.from, to: takeover.to)
            }
            blobs[blob]?.asked = (takeover, now)
            var question = PieceRelease()
            question.blob = blob.bytes
            question.pieces = PieceRange.runs(of: takeover.pieces).map { PieceSpan($0) }
            nodes[takeover.from]?.stream?.send(.pieceRelease(question))
            return
        }
    }

    /// A relay leaves these pieces to whoever wanted them. It pulls none of them until its next grant, so there is one in
    /// any case, also where nobody wants them any more.
    func released(_ release: PieceRelease, by node: NodeID) async throws {
        guard let blob = BlobID(bytes: release.blob), let hashes = blobs[blob],
            hashes.stripes.allRelays.contains(node)
        else { return }
        guard let pieces = release.pieces.pieces(below: hashes.geometry.pieceCount) else {
            throw UserError(.invalidArgument, "the pieces that a relay leaves ascend, and none is named twice")
        }
        var heir = node
        if let asked = hashes.asked?.takeover, asked.from == node {
            blobs[blob]?.asked = nil
            if isConnected(asked.to) { heir = asked.to }
        }
        guard !pieces.isEmpty else { return }
        try await move(pieces, of: blob, from: node, to: heir)
    }

    private func move(_ pieces: [PieceIndex], of blob: BlobID, from giver: NodeID, to heir: NodeID) async throws {
        let now = BootClock.now()
        blobs[blob]?.stripes.give(pieces, of: giver, to: heir)
        // The new pieces count from now on.
        blobs[blob]?.paces[giver]?.pulled(0, at: now)
        blobs[blob]?.paces[heir]?.pulled(0, at: now)
        logger.info("\(heir) pulls \(pieces.count) pieces of \(blob) that were \(giver)'s")
        try await grantAgain(blob, to: [giver, heir])
    }

    private func isComplete(_ blob: BlobID, at relays: [NodeID]) -> Bool {
        let tasks = relayTasks(of: blob).filter { relays.contains($0.node) }
        return tasks.contains { $0.state == .completed }
    }

    func relayTasks(of blob: BlobID) -> [TaskRecord] {
        distributions.values.filter { $0.record.blob == blob }.flatMap(\.relays).map(\.record)
    }

    /// The relays' tasks with the grants that fit the stripes and the epoch of now: stored first, then sent.
    func grantAgain(_ blob: BlobID, to relays: [NodeID], alsoDone: Bool = false) async throws {
        guard let hashes = blobs[blob] else { return }
        let due = hashes.ungranted.union(relays)
        var changed: [TaskRecord] = []
        for task in relayTasks(of: blob)
        where due.contains(task.node) && (!task.state.isFinal || alsoDone && task.state == .completed) {
            guard var work = task.relayTask, let key = nodes[task.node]?.publicKey else { continue }
            let owned = hashes.stripes.stripes(of: task.node)
            work.ended = false
            work.pullGrant =
                owned.isEmpty
                ? []
                : PullGrant.signed(
                    blob: blob,
                    geometry: hashes.geometry,
                    relay: key,
                    stripes: owned,
                    epoch: hashes.epoch,
                    by: signingKey
                ).encoded
            changed.append(task.revised(.relayTask(work), state: task.state))
        }
        do {
            try await keep(changed)
            blobs[blob]?.ungranted.subtract(due)
        } catch {
            // Whose pieces are whose stands; they hear of it as soon as it can be stored.
            blobs[blob]?.ungranted.formUnion(due)
            throw error
        }
    }

    /// New revisions of tasks, which may open those that have ended: stored first, then sent, but not to `silent`. Where
    /// they cannot be stored nothing has changed.
    func keep(_ revised: [TaskRecord], opening: Bool = false, except silent: NodeID? = nil) async throws {
        // What is about to end gets its last revision there.
        let changed = revised.filter { distributions[$0.distribution]?.ending == nil }
        guard !changed.isEmpty else { return }
        // At once, so that what is revised meanwhile gets a revision of its own.
        let before = changed.map { distributions[$0.distribution]?.tasks[$0.id]?.record }
        for task in changed { distributions[task.distribution]?.tasks[task.id]?.record = task }
        do {
            try await store.updateTasks(
                changed.map { task in
                    TaskUpdate(
                        id: task.id,
                        revision: task.revision,
                        payload: task.payload,
                        state: opening ? task.state : nil
                    )
                }
            )
        } catch {
            for case let (task, before?) in zip(changed, before) { takeBack(task, before) }
            throw error
        }
        for task in changed where task.node != silent { send(task) }
    }

    /// A revision that could not be stored; what the node has said meanwhile stays.
    private func takeBack(_ task: TaskRecord, _ before: TaskRecord) {
        guard let now = active(task.id)?.record, now.revision == task.revision else { return }
        var record = now
        record.revision = before.revision
        record.payload = before.payload
        if now.state == task.state { record.state = before.state }
        distributions[task.distribution]?.tasks[task.id]?.record = record
    }
}

extension TaskRecord {
    /// A relay's work; nil for other tasks.
    var relayTask: RelayTask? {
        guard kind == .relay, case .relayTask(let work)? = (try? NodeTask(encoded: payload))?.work else { return nil }
        return work
    }
}
