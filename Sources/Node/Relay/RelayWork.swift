internal import Logging
internal import Manifest
internal import PieceCache
internal import SluiceAPI
internal import Units

/// The relay tasks of this relay: one pull and one place on the shelf for each blob, however many tasks name it.
actor RelayWork: NodeWork {
    private let runtime: NodeRuntime
    private var control: VerifyingKey?
    /// Tasks that came before control said who it is.
    private var early: [(String, RelayTask)] = []
    private var blobs: [BlobID: RelayBlob] = [:]
    private var owners: [String: BlobID] = [:]

    init(runtime: NodeRuntime) { self.runtime = runtime }

    func controlKnown(_ key: VerifyingKey) async {
        control = key
        for blob in blobs.values { await blob.controlReturned() }
        let waiting = early
        early = []
        for (task, work) in waiting { await begin(task, work) }
    }

    func apply(_ change: TaskFeed.Change) async {
        switch change {
        case .relayTask(let task, let work): await begin(task, work)
        case .cancelled(let task, _): await cancel(task)
        case .assignment(let task, _): runtime.logger.warning("\(task) is an assignment, and this is a relay")
        }
    }

    func released(_ wanted: PieceRelease) async {
        guard let id = BlobID(bytes: wanted.blob), let blob = blobs[id] else { return }
        var answer = wanted
        answer.pieces = await blob.release(wanted.pieces)
        runtime.link.send(.pieceRelease(answer))
    }

    private func begin(_ task: String, _ work: RelayTask) async {
        guard let control else {
            early.append((task, work))
            return
        }
        guard let id = BlobID(bytes: work.blob?.id ?? []) else {
            return fail(task, UserError(.invalidArgument, "the task names no blob"))
        }
        owners[task] = id
        do {
            if let known = blobs[id] {
                if await known.isThere { return try await known.add(task, work, control: control) }
                await close(known, id)
            }
            // Nobody waits for it any more.
            guard !work.ended else { return }
            let blob = try await RelayBlob.open(work, control: control, runtime: runtime) { await self.close($0, id) }
            blobs[id] = blob
            try await blob.add(task, work, control: control)
            await blob.start()
        } catch let error as UserError {
            fail(task, error)
        } catch {
            fail(task, UserError(.internal, "the cache could not take the blob: \(error)"))
        }
    }

    private func cancel(_ task: String) async {
        runtime.statuses.forget(task)
        guard let id = owners.removeValue(forKey: task), let blob = blobs[id] else { return }
        guard await blob.remove(task) else { return }
        await close(blob, id)
    }

    private func close(_ blob: RelayBlob, _ id: BlobID) async {
        guard blobs[id] === blob else { return }
        blobs[id] = nil
        await blob.stop()
    }

    func stop() async {
        for blob in blobs.values { await blob.stop() }
    }

    private func fail(_ task: String, _ error: UserError) {
        var status = TaskStatus()
        status.task = task
        status.state = .failed
        status.message = error.description
        runtime.statuses.report(status)
    }
}
