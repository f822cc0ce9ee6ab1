internal import Logging
internal import Manifest
internal import SluiceAPI
internal import Units

/// The assignments of this agent: a delivery each. A finished one goes on sharing until its blob is evicted.
actor AgentWork: NodeWork {
    private let runtime: NodeRuntime
    private let destination: String
    private var control: VerifyingKey?
    /// Assignments that came before control said who it is.
    private var early: [(String, Assignment)] = []
    private var deliveries: [String: BlobDelivery] = [:]
    /// Blobs in memory, with the deliveries that use them.
    private var blobs: [BlobID: (blob: ActiveBlob, users: Set<String>)] = [:]

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
        if let known = deliveries[task] { return await known.revised(assignment) }
        do {
            let blob = try await open(assignment, for: task, control)
            let delivery = try BlobDelivery(
                task: task,
                assignment: assignment,
                blob: blob,
                destination: destination,
                runtime: runtime
            )
            deliveries[task] = delivery
            await delivery.start()
        } catch let error as UserError {
            fail(task, error)
        } catch {
            fail(task, UserError(.internal, "the cache could not take the blob: \(error)"))
        }
    }

    private func cancel(_ task: String) async {
        runtime.statuses.forget(task)
        guard let delivery = deliveries.removeValue(forKey: task) else { return }
        await delivery.stop()
        for (id, entry) in blobs where entry.users.contains(task) {
            blobs[id]?.users.remove(task)
            guard blobs[id]?.users.isEmpty == true else { continue }
            blobs.removeValue(forKey: id)
            await entry.blob.close(in: runtime)
        }
    }

    func stop() async {
        for delivery in deliveries.values { await delivery.stop() }
    }

    private func open(_ assignment: Assignment, for task: String, _ control: VerifyingKey) async throws -> ActiveBlob {
        guard let message = assignment.blob, let id = BlobID(bytes: message.id) else {
            throw UserError(.invalidArgument, "the assignment names no blob")
        }
        if let known = blobs[id] {
            blobs[id]?.users.insert(task)
            return known.blob
        }
        let blob = try await ActiveBlob.open(
            message,
            control: control,
            epoch: Epoch(rawValue: assignment.epoch),
            advises: false,
            runtime: runtime
        )
        blobs[id] = (blob, [task])
        return blob
    }

    private func fail(_ task: String, _ error: UserError) {
        var status = TaskStatus()
        status.task = task
        status.state = .failed
        status.message = error.description
        runtime.statuses.report(status)
    }
}
