extension TaskRecord {
    /// The task after an update. Delivery is at-least-once and out of order, so each field only moves forward.
    func applying(_ update: TaskUpdate) -> TaskRecord {
        var (task, isRevised) = (self, false)
        if let revision = update.revision, revision > task.revision {
            task.revision = revision
            isRevised = true
            if let payload = update.payload { task.payload = payload }
        }
        if let applied = update.acknowledgedRevision {
            task.acknowledgedRevision = max(task.acknowledgedRevision, min(applied, task.revision))
        }
        if let status = update.status {
            guard status.sequence > task.statusSequence else { return task }
            task.statusSequence = status.sequence
            task.status = status.payload
        }
        // Other work can open a task again; a status cannot.
        if let state = update.state, isRevised || !task.state.isFinal { task.state = state }
        return task
    }
}
