package import Units

/// One node's work, at its latest revision.
package struct TaskRecord: Hashable, Sendable {
    /// The task's id.
    package var id: TaskID
    /// The distribution it is for.
    package var distribution: DistributionID
    /// The blob it moves.
    package var blob: BlobID
    /// Whose work it is.
    package var node: NodeID
    /// A relay's or an agent's.
    package var kind: TaskKind
    /// Grows with each change.
    package var revision: Revision
    /// The latest revision the node has applied; 0 is none.
    package var acknowledgedRevision: Revision
    /// The work, encoded by control: without the task's id and revision, so that very many tasks share one.
    package var payload: [UInt8]
    /// Where it stands.
    package var state: TaskRecordState
    /// The node's latest status, encoded by control.
    package var status: [UInt8]
    /// The sequence of that status; an older one changes nothing.
    package var statusSequence: UInt64

    package init(
        id: TaskID,
        distribution: DistributionID,
        blob: BlobID,
        node: NodeID,
        kind: TaskKind,
        revision: Revision = Revision(rawValue: 1),
        acknowledgedRevision: Revision = Revision(rawValue: 0),
        payload: [UInt8],
        state: TaskRecordState = .pending,
        status: [UInt8] = [],
        statusSequence: UInt64 = 0
    ) {
        self.id = id
        self.distribution = distribution
        self.blob = blob
        self.node = node
        self.kind = kind
        self.revision = revision
        self.acknowledgedRevision = acknowledgedRevision
        self.payload = payload
        self.state = state
        self.status = status
        self.statusSequence = statusSequence
    }
}
