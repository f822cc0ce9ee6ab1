internal import BitTorrent
internal import Logging
internal import Manifest
internal import OriginClient
internal import PieceCache
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

    private let runtime: NodeRuntime
    private let blob: ActiveBlob
    private let work: RelayTask
    private let origin: OriginID
    private var signer: BatchSigner?
    private var tasks: [String: RelayTask] = [:]
    private var state = TaskState.running
    private var message = ""
    private var originChanged = ""
    private var running: [Task<Void, Never>] = []

    private init(runtime: NodeRuntime, blob: ActiveBlob, work: RelayTask, origin: OriginID, signer: BatchSigner?) {
        self.runtime = runtime
        self.blob = blob
        self.work = work
        self.origin = origin
        self.signer = signer
    }

    static func open(_ work: RelayTask, control: VerifyingKey, runtime: NodeRuntime) async throws -> RelayBlob {
        let grant = try PullGrant(decoding: work.pullGrant)
        guard grant.isValid(control: control), grant.relay == runtime.identity.key.publicKey else {
            throw UserError(.permissionDenied, "the pull grant is not signed for this relay")
        }
        guard let message = work.blob, let origin = OriginID(message.origin) else {
            throw UserError(.invalidArgument, "the task names no origin")
        }
        let blob = try await ActiveBlob.open(message, control: control, epoch: grant.epoch, runtime: runtime)
        let signer = message.torrent.isEmpty ? BatchSigner(key: runtime.identity.key, grant: grant) : nil
        return RelayBlob(runtime: runtime, blob: blob, work: work, origin: origin, signer: signer)
    }

    func add(_ task: String, _ work: RelayTask) {
        tasks[task] = work
        report()
    }

    /// Returns whether no task names the blob any more.
    func remove(_ task: String) -> Bool {
        tasks.removeValue(forKey: task)
        return tasks.isEmpty
    }

    func start() {
        running.append(Task { await pull() })
        running.append(Task { await tell() })
    }

    func stop() async {
        for task in running { task.cancel() }
        await blob.close(in: runtime)
    }

    private func pull() async {
        do {
            // Pieces of an earlier run are proven by the journal; their hashes are signed again for this grant.
            for piece in blob.cache.available.pieces {
                if let hashes = blob.cache.hashes(of: piece) { stored(piece, hashes) }
            }
            let pull = BlobPull(
                blob: blob,
                work: work,
                origin: origin,
                access: runtime.origins,
                client: runtime.originClient,
                pieceStored: { await self.stored($0, $1) },
                logger: runtime.logger
            )
            try await pull.run()
            handOn(signer?.flush() ?? [])
            try await checkDigest()
            state = .completed
            message = ""
        } catch let change as OriginChange {
            state = .failed
            originChanged = change.description
            message = "the origin changed: \(change)"
        } catch let error as UserError {
            state = .failed
            message = error.description
        } catch is CancellationError {
            return
        } catch {
            state = .failed
            message = "\(error)"
        }
        report()
    }

    private func stored(_ piece: PieceIndex, _ hashes: PieceHashes) {
        handOn(signer?.pieceHashed(piece, hashes, at: BootClock.now()) ?? [])
    }

    /// Own batches are checked like anybody's: what this relay passes on proves itself.
    private func handOn(_ batches: [HashBatch]) {
        guard !batches.isEmpty else { return }
        for batch in batches {
            do {
                _ = try blob.accept(batch)
            } catch {
                runtime.logger.error("an own hash batch does not hold", metadata: ["error": "\(error)"])
            }
        }
        var message = HashBatches()
        message.blob = blob.id.bytes
        message.batches = batches.map(\.encoded)
        runtime.link.send(.hashBatches(message))
    }

    private func checkDigest() async throws {
        guard let expected = SHA256Digest(bytes: work.blob?.sha256 ?? []) else { return }
        let digest = try await blob.cache.digest()
        guard digest == expected else {
            throw UserError(
                .dataLoss,
                "the file at the origin has SHA-256 \(digest), not \(expected) as the publisher says"
            )
        }
    }

    /// Signs what has waited long enough, and tells control and the tracker how far it is.
    private func tell() async {
        var nextReport = BootClock.now()
        while !Task.isCancelled {
            handOn(signer?.tick(at: BootClock.now()) ?? [])
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
        guard let address = runtime.listener.localAddress.addressBytes,
            let peer = PeerAddress(address: address, port: UInt16(clamping: runtime.port))
        else { return }
        let isSeed = blob.cache.available.isFull
        for infoHash in blob.infoHashes {
            runtime.tracker.addSelf(peer, runtime.session.peerID, isSeed: isSeed, to: infoHash)
        }
    }

    /// Every batch again: control may have lost what was sent while its stream was down.
    func repeatBatches() {
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
            status.state = state
            status.message = message
            status.verifiedBytes = blob.availableBytes.rawValue
            status.originBytes = runtime.origins.total(at: origin, for: work.distribution).rawValue
            status.servedBytes = (blob.servedOverHTTP + blob.swarm.uploaded).rawValue
            status.originChanged = originChanged
            runtime.statuses.report(status)
        }
    }
}
