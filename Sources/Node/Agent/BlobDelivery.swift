internal import BitTorrent
internal import Download
internal import Logging
internal import Manifest
internal import PieceCache
internal import RPC
internal import Scheduling
internal import SluiceAPI
internal import Transport
internal import Units

/// One assignment: the final file once every piece of its blob is proven, and what control is told of it.
actor BlobDelivery {
    /// How often it is looked whether there is news once all has ended.
    private static let quietInterval = Duration.seconds(5)

    private let task: String
    private let runtime: NodeRuntime
    private let blob: ActiveBlob
    private let destination: String
    private var assignment: Assignment
    private let progress: @Sendable () async -> DownloadProgress?
    private let hasEnded: @Sendable (Bool) async -> Void
    private var state = TaskState.running
    private var message = ""
    private var sha256 = ""
    private let started = BootClock.now()
    private var ended: BootTime?
    /// How often it has gone on after a revocation.
    private var round = 0
    private var reporting: Task<Void, Never>?

    /// `progress` is how far the blob's download is; `ended` is told when the delivery has ended, and when it has not after
    /// all.
    init(
        task: String,
        assignment: Assignment,
        blob: ActiveBlob,
        destination: String,
        runtime: NodeRuntime,
        progress: @escaping @Sendable () async -> DownloadProgress?,
        ended: @escaping @Sendable (Bool) async -> Void
    ) throws {
        let name = assignment.fileName
        guard !name.isEmpty, name != ".", name != "..", !name.contains("/"), !name.utf8.contains(0) else {
            throw UserError(.invalidArgument, "the file name would leave the destination folder")
        }
        self.task = task
        self.runtime = runtime
        self.blob = blob
        self.destination = "\(destination)/\(name)"
        self.assignment = assignment
        self.progress = progress
        self.hasEnded = ended
    }

    func start() {
        var generator = runtime.seeds.generatorFromHere()
        let share = Double.random(in: 0...1, using: &generator)
        reporting = Task {
            // The agents of a distribution begin at the same moment; they shall not all tell at the same moment.
            try? await Task.sleep(for: statusInterval * share)
            while !Task.isCancelled {
                await report()
                try? await Task.sleep(for: state == .running ? statusInterval : Self.quietInterval)
            }
        }
    }

    /// What has become of the blob. A delivery that has failed stays so.
    func told(_ outcome: BlobDownload.Outcome) async {
        guard state != .failed else { return }
        switch outcome {
        case .complete: await finish()
        case .failed(let why): await end(.failed, why)
        case .revoked: await reopen()
        case .evicted: break
        }
    }

    private var statusInterval: Duration { assignment.statusInterval?.duration ?? StatusPace.interval(agents: 1) }

    func stop() { reporting?.cancel() }

    func revised(_ assignment: Assignment) { self.assignment = assignment }

    /// Control has revoked hashes: the file may not be what it should be, and is delivered again once it is proven.
    private func reopen() async {
        round += 1
        state = .running
        message = ""
        sha256 = ""
        ended = nil
        await report()
        await hasEnded(false)
    }

    private func finish() async {
        let round = self.round
        runtime.logger.info("\(assignment.fileName) is here whole", metadata: ["after": "\(BootClock.now() - started)"])
        do {
            // The disk works while the digest is finished.
            async let synced: Void = blob.cache.sync()
            let digest = try await blob.cache.digest()
            try await synced
            if let expected = SHA256Digest(bytes: assignment.blob?.sha256 ?? []), digest != expected {
                return await end(
                    .failed,
                    "the file has SHA-256 \(digest), not \(expected) as the publisher says"
                )
            }
            // Whatever anybody signs from now on.
            if assignment.blob?.sha256.isEmpty == false { try blob.vouch(for: blob.geometry.pieceCount.indices) }
            try SmallFile.makeFolder(of: destination)
            try await blob.cache.deliver(to: destination)
            guard round == self.round else { return }
            sha256 = digest.hex
            runtime.logger.info("\(assignment.fileName) delivered", metadata: ["after": "\(BootClock.now() - started)"])
            await end(.completed, "")
        } catch let error as PieceCacheError where error.code == .incomplete {
            // Pieces were revoked meanwhile: it ends anew.
        } catch {
            await end(.failed, "the file could not be written: \(error)")
        }
    }

    private func end(_ state: TaskState, _ message: String) async {
        self.state = state
        self.message = message
        ended = BootClock.now()
        await report()
        await hasEnded(true)
        ProcessMemory.release()
    }

    private func report() async {
        guard let progress = await progress() else { return }
        var status = TaskStatus()
        status.task = task
        status.state = state
        status.message = message
        status.verifiedBytes = progress.verifiedBytes.rawValue
        status.epoch = progress.epoch.rawValue
        status.sources = progress.sources
        status.bytesPerSecond = state == .running ? progress.rate.rawValue : 0
        status.elapsed = ProtoDuration((ended ?? BootClock.now()) - started)
        status.sha256 = sha256
        status.assist = progress.assist
        status.assistSwitches = progress.assistSwitches
        status.assisting = progress.isAssisting
        status.network = SluiceAPI.NetworkClass(progress.network)
        status.reports = progress.reports
        if let origin = OriginID(assignment.blob?.origin ?? "") {
            status.originBytes = runtime.origins.total(at: origin, for: assignment.distribution).rawValue
        }
        runtime.statuses.report(status)
    }
}
