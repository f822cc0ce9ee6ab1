internal import Logging
internal import Manifest
internal import SluiceAPI
internal import Units

/// The assignments of this agent: one download for each blob, however many of them name it.
actor AgentWork: NodeWork {
    private let runtime: NodeRuntime
    private let destination: String
    private var control: VerifyingKey?
    /// Assignments that came before control said who it is.
    private var early: [(String, Assignment)] = []
    private var blobs: [BlobID: AgentBlob] = [:]
    private var owners: [String: BlobID] = [:]

    init(runtime: NodeRuntime, destination: String) {
        self.runtime = runtime
        self.destination = destination
    }

    func controlKnown(_ key: VerifyingKey) async {
        control = key
        let waiting = early
        early = []
        for (task, assignment) in waiting { await begin(task, assignment) }
    }

    func apply(_ change: TaskFeed.Change) async {
        switch change {
        case .assignment(let task, let assignment): await begin(task, assignment)
        case .cancelled(let task, _): await cancel(task)
        case .relayTask(let task, _): runtime.logger.warning("\(task) is a relay task, and this is an agent")
        }
    }

    func released(_ wanted: PieceRelease) {
        runtime.logger.warning("control asks for pieces of a grant, and this is an agent")
    }

    private func begin(_ task: String, _ assignment: Assignment) async {
        guard let control else {
            early.append((task, assignment))
            return
        }
        guard let id = BlobID(bytes: assignment.blob?.id ?? []) else {
            return fail(task, UserError(.invalidArgument, "the assignment names no blob"))
        }
        owners[task] = id
        do {
            try await blob(id, of: assignment, control).add(task, assignment)
        } catch let error as UserError {
            fail(task, error)
        } catch {
            fail(task, UserError(.internal, "the cache could not take the blob: \(error)"))
        }
    }

    private func blob(_ id: BlobID, of assignment: Assignment, _ control: VerifyingKey) async throws -> AgentBlob {
        if let known = blobs[id] {
            if await known.isThere { return known }
            await close(known, id)
        }
        let blob = try await AgentBlob.open(
            assignment,
            control: control,
            destination: destination,
            runtime: runtime,
            evicted: { await self.close($0, id) }
        )
        blobs[id] = blob
        return blob
    }

    private func cancel(_ task: String) async {
        runtime.statuses.forget(task)
        guard let id = owners.removeValue(forKey: task), let blob = blobs[id], await blob.remove(task) else { return }
        await close(blob, id)
    }

    private func close(_ blob: AgentBlob, _ id: BlobID) async {
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
