extension TaskRecord {
    /// The task after an update. Delivery is at-least-once and out of order, so each field only moves forward.
    func applying(_ update: TaskUpdate) -> TaskRecord {
        var task = self
        if let revision = update.revision, revision > task.revision {
            task.revision = revision
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
        if let state = update.state, !task.state.isFinal { task.state = state }
        return task
    }
}
