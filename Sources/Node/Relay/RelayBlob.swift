internal import BitTorrent
internal import Logging
internal import Manifest
internal import OriginClient
internal import PieceCache
internal import Scheduling
internal import SluiceAPI
internal import Swarm
internal import Transport
internal import Units

/// One blob on a relay: pulled, served, its hashes signed and reported, for as long as a task names it.
actor RelayBlob {
    /// How often progress is told at most.
    private static let statusInterval = Duration.milliseconds(250)
    /// Batches in one message when all are repeated; control takes 1024.
    private static let batchesPerMessage = 256
    /// Grants of one blob that are still signed under.
    private static let rememberedGrants = 16

    private let runtime: NodeRuntime
    private let blob: ActiveBlob
    private let origin: OriginID
    private let evicted: @Sendable (RelayBlob) async -> Void
    /// What this relay may pull; nil where it pulls nothing and takes all from its fellows.
    private var grant: PullGrant?
    /// One for each grant so far, the newest last: what was under way when a stripe changed hands is still vouched for.
    /// None where the publisher gave the hashes.
    private var signers: [(grant: PullGrant, signer: BatchSigner)] = []
    /// Who signs what waits, and when.
    private var signing: (due: BootTime, task: Task<Void, Never>)?
    private var queue = PullQueue()
    /// What this relay has pulled, and signs.
    private var pulled: PieceSet
    private var download: BlobDownload?
    private var tasks: [String: RelayTask] = [:]
    /// Tasks whose publisher names another digest than the file has, and what they are told.
    private var wrongDigests: [String: String] = [:]
    private var state = TaskState.running
    private var message = ""
    private var originChanged = ""
    private var running: [Task<Void, Never>] = []

    private init(
        runtime: NodeRuntime,
        blob: ActiveBlob,
        work: RelayTask,
        origin: OriginID,
        grant: PullGrant?,
        evicted: @escaping @Sendable (RelayBlob) async -> Void
    ) {
        self.runtime = runtime
        self.blob = blob
        self.origin = origin
        self.evicted = evicted
        self.grant = grant
        pulled = PieceSet(capacity: blob.geometry.pieceCount)
        if let grant, work.blob?.torrent.isEmpty ?? true {
            signers = [(grant, BatchSigner(key: runtime.identity.key, grant: grant))]
        }
    }

    /// `evicted` is called once the cache has taken the blob away.
    static func open(
        _ work: RelayTask,
        control: VerifyingKey,
        runtime: NodeRuntime,
        evicted: @escaping @Sendable (RelayBlob) async -> Void
    ) async throws -> RelayBlob {
        let grant = try grant(in: work, control: control, runtime: runtime)
        guard let message = work.blob, let origin = OriginID(message.origin) else {
            throw UserError(.invalidArgument, "the task names no origin")
        }
        let epoch = grant?.epoch ?? Epoch(rawValue: 1)
        let blob = try await ActiveBlob.open(
            message,
            control: control,
            epoch: epoch,
            advises: true,
            runtime: runtime
        )
        return RelayBlob(
            runtime: runtime,
            blob: blob,
            work: work,
            origin: origin,
            grant: grant,
            evicted: evicted
        )
    }

    private static func grant(
        in work: RelayTask,
        control: VerifyingKey,
        runtime: NodeRuntime
    ) throws -> PullGrant? {
        guard !work.pullGrant.isEmpty else { return nil }
        let grant = try PullGrant(decoding: work.pullGrant)
        guard grant.isValid(control: control), grant.relay == runtime.identity.key.publicKey,
            grant.blob.bytes == work.blob?.id
        else { throw UserError(.permissionDenied, "the pull grant is not signed for this relay") }
        return grant
    }

    /// Whether the cache still has it.
    var isThere: Bool { !blob.cache.isRemoved }

    /// A task, or a new revision of one: stripes may have changed hands, fellows may have come or moved. What has failed is
    /// tried again for a new task.
    func add(_ task: String, _ work: RelayTask, control: VerifyingKey) async throws {
        let new = try Self.grant(in: work, control: control, runtime: runtime)
        let isNew = tasks.updateValue(work, forKey: task) == nil
        blob.pin(in: runtime)
        if state == .failed {
            guard isNew else {
                unpinIfIdle()
                return report()
            }
            // The others were told, and stay failed.
            tasks = [task: work]
            await tryAgain()
        }
        if let new, new.epoch > grant?.epoch ?? new.epoch { return try await raise(new, work) }
        guard state == .running else {
            await replan()
            try await checkDigests()
            unpinIfIdle()
            return report()
        }
        // Whoever was to pull what this relay left has its grant by now.
        queue.granted()
        if new != grant, new == nil || new?.stripes != grant?.stripes {
            grant = new
            if let new, work.blob?.torrent.isEmpty ?? true {
                if signers.count == Self.rememberedGrants {
                    handOn(signers[0].signer.flush())
                    signers.removeFirst()
                }
                signers.append((new, BatchSigner(key: runtime.identity.key, grant: new)))
            }
        }
        await replan()
        report()
    }

    private func tryAgain() async {
        state = .running
        message = ""
        originChanged = ""
        queue.stop()
        queue = PullQueue()
        wrongDigests = [:]
        running.append(Task { await pull() })
        await beginDownload()
    }

    /// What is pulled is pulled for the task that matters most.
    private var work: RelayTask {
        tasks.max { ($0.value.priority, $1.key) < ($1.value.priority, $0.key) }?.value ?? RelayTask()
    }

    private var plan: DownloadPlan? {
        let name = runtime.identity.name
        return .joined(tasks.sorted { $0.key < $1.key }.map { DownloadPlan($0.value, of: name) })
    }

    private func replan() async {
        if let plan { await download?.planChanged(to: plan) }
    }

    /// Whether none of the tasks may pull now.
    private var isPaused: Bool {
        let seconds = runtime.clock.milliseconds() / 1000
        return tasks.values.allSatisfy { TransferSchedule($0).allowance(atUnixSeconds: seconds).isPaused }
    }

    /// Control has raised the epoch: what this relay has pulled is signed anew under its new grant, what it has from others
    /// waits for theirs.
    private func raise(_ new: PullGrant, _ work: RelayTask) async throws {
        grant = new
        queue.granted()
        blob.raiseEpoch(to: new.epoch)
        if work.blob?.torrent.isEmpty ?? true {
            signers = [(new, BatchSigner(key: runtime.identity.key, grant: new))]
            sign(pulled)
        }
        await download?.epochRaised()
        await replan()
        // What was revoked pins it again.
        unpinIfIdle()
        report()
    }

    /// Returns whether no task names the blob any more.
    func remove(_ task: String) async -> Bool {
        tasks.removeValue(forKey: task)
        wrongDigests.removeValue(forKey: task)
        guard !tasks.isEmpty else { return true }
        await replan()
        unpinIfIdle()
        return false
    }

    func start() async {
        // Pieces of an earlier run are proven by the journal; their hashes are signed again for this grant.
        sign(blob.cache.available)
        if tasks.values.contains(where: { $0.blob?.sha256.isEmpty == false }) { blob.cache.expectDigest() }
        await refill()
        running.append(Task { await pull() })
        running.append(Task { await tell() })
        await beginDownload()
    }

    private func beginDownload() async {
        guard let plan else { return }
        await download?.stop()
        let download = BlobDownload(of: blob, plan: plan, runtime: runtime) { outcome in
            await self.gathered(outcome)
        }
        self.download = download
        await download.start()
    }

    func stop() async {
        queue.stop()
        for task in running { task.cancel() }
        signing?.task.cancel()
        await download?.stop()
        await blob.close(in: runtime)
    }

    private func pull() async {
        do {
            try await BlobPull(
                blob: blob,
                work: { await self.work },
                origin: origin,
                access: runtime.origins,
                client: runtime.originClient,
                pieceStored: { await self.stored($0, $1) },
                seeds: runtime.seeds,
                logger: runtime.logger
            ).run(queue)
        } catch let change as OriginChange {
            originChanged = change.description
            fail("the origin changed: \(change)")
        } catch let error as UserError {
            fail(error.description)
        } catch is CancellationError {
            return
        } catch {
            fail("\(error)")
        }
    }

    /// What of the grant has to come from the origin: what is not there, and what no fellow and no agent offers.
    private func refill() async {
        let (queue, revision) = (queue, queue.revision)
        guard state == .running, let grant, !isPaused else {
            return queue.replace(with: [], asOf: revision)
        }
        let available = blob.cache.available
        let missing = grant.stripes.flatMap(\.indices).map { PieceIndex(rawValue: $0) }
            .filter { !available.contains($0) }
        let wanted = await download?.unoffered(of: missing) ?? missing
        queue.replace(with: wanted, asOf: revision)
    }

    /// Every piece is here, pulled or from fellows; or the cache has failed.
    private func gathered(_ outcome: BlobDownload.Outcome) async {
        switch outcome {
        case .revoked: return reopen()
        case .evicted: return await evicted(self)
        case .complete, .failed: break
        }
        queue.stop()
        runtime.logger.info("\(blob.fileName) is here whole", metadata: ["blob": "\(blob.id)"])
        handOn(signers.indices.flatMap { signers[$0].signer.flush() })
        if case .failed(let why) = outcome { return fail(why) }
        do {
            try await checkDigests()
            guard blob.cache.available.isFull else { return }
            state = .completed
            message = ""
            report()
            unpinIfIdle()
        } catch {
            fail("\(error)")
        }
    }

    /// Pieces that others had pulled were revoked, and are pulled or gathered again.
    private func reopen() {
        guard state == .completed else { return }
        state = .running
        queue = PullQueue()
        blob.pin(in: runtime)
        running.append(Task { await pull() })
        report()
    }

    private func fail(_ why: String) {
        state = .failed
        message = why
        queue.stop()
        report()
        unpinIfIdle()
    }

    /// While a distribution goes on its agents take the blob from here.
    private func unpinIfIdle() {
        if state != .running, tasks.values.allSatisfy(\.ended) { blob.unpin(in: runtime) }
    }

    /// What is in the cache is vouched for under the newest grant.
    private func sign(_ pieces: PieceSet) {
        for piece in pieces.pieces {
            if let hashes = blob.cache.hashes(of: piece) { stored(piece, hashes) }
        }
    }

    private func stored(_ piece: PieceIndex, _ hashes: PieceHashes) {
        guard let at = signers.lastIndex(where: { $0.grant.allows(piece) }) else { return }
        pulled.insert(piece)
        // At once, and not when control raises the epoch: a fellow's batch may prove that it has before control says so.
        do {
            try blob.vouch(for: CollectionOfOne(piece))
        } catch {
            runtime.logger.error("an own piece is not what others vouch for", metadata: ["error": "\(error)"])
        }
        handOn(signers[at].signer.pieceHashed(piece, hashes, at: BootClock.now()))
        signWhenDue()
    }

    /// What waits is signed at its time, whether more comes or not.
    private func signWhenDue() {
        guard let due = signers.compactMap(\.signer.deadline).min(), signing.map({ due < $0.due }) ?? true else {
            return
        }
        signing?.task.cancel()
        let task = Task {
            try? await Task.sleep(for: max(due - BootClock.now(), .zero))
            guard !Task.isCancelled else { return }
            signing = nil
            handOn(signers.indices.flatMap { signers[$0].signer.tick(at: BootClock.now()) })
            signWhenDue()
        }
        signing = (due, task)
    }

    /// Own batches are checked like anybody's: what this relay passes on proves itself.
    private func handOn(_ batches: [HashBatch]) {
        guard !batches.isEmpty else { return }
        for batch in batches {
            do {
                _ = try blob.accept(batch, isOwn: true)
            } catch {
                runtime.logger.error("an own hash batch does not hold", metadata: ["error": "\(error)"])
            }
        }
        var message = HashBatches()
        message.blob = blob.id.bytes
        message.batches = batches.map(\.encoded)
        runtime.link.send(.hashBatches(message))
    }

    /// Whether the file is what each task's publisher says.
    private func checkDigests() async throws {
        guard tasks.values.contains(where: { $0.blob?.sha256.isEmpty == false }) else { return }
        let digest = try await blob.cache.digest()
        for (task, work) in tasks {
            guard let expected = SHA256Digest(bytes: work.blob?.sha256 ?? []), digest != expected else { continue }
            wrongDigests[task] = "the file at the origin has SHA-256 \(digest), not \(expected) as the publisher says"
        }
    }

    /// Tells control and the tracker how far it is.
    private func tell() async {
        var nextReport = BootClock.now()
        while !Task.isCancelled {
            if state == .running { await refill() }
            if BootClock.now() >= nextReport {
                nextReport = BootClock.now() + Self.statusInterval
                report()
                addSelfToTracker()
            }
            try? await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Stock clients find this relay by the tracker it is.
    private func addSelfToTracker() {
        guard let peer = runtime.reach.peer else { return }
        let isSeed = blob.cache.available.isFull
        for infoHash in blob.infoHashes {
            runtime.tracker.addSelf(peer, runtime.session.peerID, isSeed: isSeed, to: infoHash)
        }
    }

    /// Leaves pieces to another relay, if they are neither here nor on their way. Returns those it leaves.
    func release(_ wanted: [PieceSpan]) -> [PieceSpan] {
        let available = blob.cache.available
        let missing = (wanted.pieces(below: blob.geometry.pieceCount) ?? []).filter { !available.contains($0) }
        return PieceRange.runs(of: queue.withdraw(missing)).map { PieceSpan($0) }
    }

    /// Every batch again: control may have lost what was sent while its stream was down, and knows no more of what it
    /// wanted released.
    func controlReturned() {
        queue.granted()
        var rest = blob.batches(from: PieceIndex(0))[...]
        while !rest.isEmpty {
            var message = HashBatches()
            message.blob = blob.id.bytes
            message.batches = Array(rest.prefix(Self.batchesPerMessage))
            rest = rest.dropFirst(Self.batchesPerMessage)
            runtime.link.send(.hashBatches(message))
        }
    }

    private func report() {
        for (task, work) in tasks {
            var status = TaskStatus()
            status.task = task
            status.state = wrongDigests[task] == nil ? state : .failed
            status.message = wrongDigests[task] ?? message
            status.verifiedBytes = blob.availableBytes.rawValue
            status.originBytes = runtime.origins.total(at: origin, for: work.distribution).rawValue
            status.servedBytes = (blob.servedOverHTTP + blob.swarm.uploaded).rawValue
            status.originChanged = originChanged
            runtime.statuses.report(status)
        }
    }
}
