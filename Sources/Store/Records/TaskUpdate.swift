package import Units

/// What changes in one task; nil leaves a field as it is.
package struct TaskUpdate: Hashable, Sendable {
    /// The task.
    package var id: TaskID
    /// A new revision; never below the stored one.
    package var revision: Revision?
    /// The work of the new revision.
    package var payload: [UInt8]?
    /// A revision the node has applied; an older one changes nothing.
    package var acknowledgedRevision: Revision?
    /// Where it stands; a finished task stays finished unless a new revision opens it.
    package var state: TaskRecordState?
    /// A status of the node; an older one changes nothing, state included.
    package var status: TaskStatusUpdate?

    package init(
        id: TaskID,
        revision: Revision? = nil,
        payload: [UInt8]? = nil,
        acknowledgedRevision: Revision? = nil,
        state: TaskRecordState? = nil,
        status: TaskStatusUpdate? = nil
    ) {
        self.id = id
        self.revision = revision
        self.payload = payload
        self.acknowledgedRevision = acknowledgedRevision
        self.state = state
        self.status = status
    }
}
