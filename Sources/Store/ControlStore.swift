package import Units

/// What control keeps: orders, tasks, nodes, hash batches, the ledger and lease reserves. What a call has returned
/// survives kill -9 and power loss. Safe to call from anywhere at once; every call is one transaction.
package protocol ControlStore: Sendable {
    /// Raises the control epoch by one and returns it: called once at each start of control, before anything is granted.
    func nextControlEpoch() async throws(StoreError) -> Epoch
    /// The value of a setting; nil when there is none.
    func setting(_ key: String) async throws(StoreError) -> [UInt8]?
    /// Sets a setting.
    func saveSetting(_ key: String, value: [UInt8]) async throws(StoreError)
    /// Sets a setting unless it is there, and returns what is stored now. Two starts at once agree on one value.
    func settingOrInsert(_ key: String, value: [UInt8]) async throws(StoreError) -> [UInt8]

    /// Registers an origin; `alreadyExists` when the id is taken.
    func createOrigin(_ origin: OriginRecord) async throws(StoreError)
    /// Replaces an origin's payload; `notFound` when it is not there.
    func updateOrigin(_ id: OriginID, payload: [UInt8]) async throws(StoreError)
    /// Removes an origin; `conflict` while an active distribution uses it.
    func deleteOrigin(_ id: OriginID) async throws(StoreError)
    /// One origin; nil when it is not there.
    func origin(_ id: OriginID) async throws(StoreError) -> OriginRecord?
    /// Origins by id, a page at a time.
    func origins(_ page: PageRequest) async throws(StoreError) -> Page<OriginRecord>
    /// Every origin, by id.
    func allOrigins() async throws(StoreError) -> [OriginRecord]

    /// Stores a distribution, its tasks and, unless it is known, its blob, all or nothing. A request id seen before
    /// returns the distribution it made. `alreadyExists` when the id is taken, `conflict` when the origin is gone.
    func createDistribution(
        blob: BlobRecord,
        distribution: DistributionRecord,
        tasks: [TaskRecord]
    ) async throws(StoreError) -> DistributionCreation
    /// One distribution; nil when it is not there.
    func distribution(_ id: DistributionID) async throws(StoreError) -> DistributionRecord?
    /// The distribution that a request id made; nil when it made none.
    func distribution(requestID: String) async throws(StoreError) -> DistributionRecord?
    /// Distributions, newest first, a page at a time.
    func distributions(_ page: PageRequest) async throws(StoreError) -> Page<DistributionRecord>
    /// Every distribution that has not ended, oldest first.
    func activeDistributions() async throws(StoreError) -> [DistributionRecord]
    /// Moves a distribution on. Final states stay: returns false, and changes nothing, when it has ended already.
    @discardableResult
    func updateDistribution(
        _ id: DistributionID,
        state: DistributionRecordState,
        failure: String,
        endedAt: Int64?
    ) async throws(StoreError) -> Bool

    /// Ends a distribution, and changes tasks of it, all or nothing. One that has ended already stays as it is: returns
    /// false, and changes nothing.
    func endDistribution(
        _ id: DistributionID,
        as state: DistributionRecordState,
        failure: String,
        at time: Int64,
        tasks: [TaskUpdate]
    ) async throws(StoreError) -> Bool

    /// One blob; nil when it is not there.
    func blob(_ id: BlobID) async throws(StoreError) -> BlobRecord?
    /// The blobs of all distributions that have not ended.
    func activeBlobs() async throws(StoreError) -> [BlobRecord]
    /// Replaces what may change in a blob: digest, epoch (never downwards), torrents, info-hashes, state, failure.
    func updateBlob(_ blob: BlobRecord) async throws(StoreError)
    /// Keeps hash batches, in one transaction; a batch that is there already is kept once.
    func appendBatches(_ batches: [HashBatchRecord]) async throws(StoreError)
    /// The hash batches of a blob at its present epoch or above, by first piece.
    func batches(of blob: BlobID) async throws(StoreError) -> [HashBatchRecord]

    /// Stores further tasks of distributions that are there, in one transaction.
    func createTasks(_ tasks: [TaskRecord]) async throws(StoreError)
    /// Changes tasks, of any nodes, in one transaction. Tasks that are not there are left out; returns how many were
    /// found.
    @discardableResult
    func updateTasks(_ updates: [TaskUpdate]) async throws(StoreError) -> Int
    /// One task; nil when it is not there.
    func task(_ id: TaskID) async throws(StoreError) -> TaskRecord?
    /// Which node each of these tasks is of; those that are not there are left out.
    func nodes(of tasks: [TaskID]) async throws(StoreError) -> [TaskID: NodeID]
    /// The tasks of a distribution, by id.
    func tasks(of distribution: DistributionID) async throws(StoreError) -> [TaskRecord]
    /// The tasks of a node that have not ended or whose latest revision it has not applied, by id.
    func openTasks(of node: NodeID) async throws(StoreError) -> [TaskRecord]
    /// Every task of every distribution that has not ended, by id.
    func activeTasks() async throws(StoreError) -> [TaskRecord]

    /// Stores or replaces a node; `conflict` when a higher incarnation is stored.
    func saveNode(_ node: NodeRecord) async throws(StoreError)
    /// Notes when nodes were last heard from, in one transaction; unknown nodes are left out.
    func nodesSeen(_ times: [NodeID: Int64]) async throws(StoreError)
    /// One node; nil when it is not there.
    func node(_ id: NodeID) async throws(StoreError) -> NodeRecord?
    /// Nodes by id, of one role or of all, a page at a time.
    func nodes(_ page: PageRequest, role: NodeRecordRole?) async throws(StoreError) -> Page<NodeRecord>
    /// Every node, by id.
    func allNodes() async throws(StoreError) -> [NodeRecord]

    /// Adds to the ledger, in one transaction, every entry whose sequence is above the last one of its node; returns
    /// how many were added.
    @discardableResult
    func addUsage(_ entries: [UsageEntry]) async throws(StoreError) -> Int
    /// Whether a node has, or had, a task of a distribution from this origin.
    func mayUse(_ origin: OriginID, node: NodeID, for distribution: DistributionID) async throws(StoreError) -> Bool
    /// The sequence of the last usage that was added for a node; 0 when there is none.
    func lastUsageSequence(of node: NodeID) async throws(StoreError) -> UInt64
    /// The ledger of an origin, by node.
    func ledger(of origin: OriginID) async throws(StoreError) -> [LedgerRecord]
    /// The ledger of a distribution, by node.
    func ledger(of distribution: DistributionID) async throws(StoreError) -> [LedgerRecord]

    /// Replaces an origin's lease reserve; `conflict` when a higher control epoch has written it.
    func saveLeaseState(_ state: LeaseStateRecord) async throws(StoreError)
    /// An origin's lease reserve; nil when nothing was ever granted.
    func leaseState(of origin: OriginID) async throws(StoreError) -> LeaseStateRecord?
    /// Every lease reserve, by origin.
    func leaseStates() async throws(StoreError) -> [LeaseStateRecord]

    /// Keeps a user's token, and drops those that have ended by `now`; `alreadyExists` when the id is taken, `limitReached`
    /// when there are `Limits.maximumAPITokens`.
    func createAPIToken(_ token: APITokenRecord, now: Int64) async throws(StoreError)
    /// Removes a user's token; `notFound` when it is not there.
    func deleteAPIToken(_ id: APITokenID) async throws(StoreError)
    /// Users' tokens by id, a page at a time.
    func apiTokens(_ page: PageRequest) async throws(StoreError) -> Page<APITokenRecord>
    /// Every user's token, by id.
    func allAPITokens() async throws(StoreError) -> [APITokenRecord]
    /// Keeps a join token, and drops those that have ended by `now`; `alreadyExists` when the id is taken, `limitReached`
    /// when there are `Limits.maximumJoinTokens`.
    func createJoinToken(_ token: JoinTokenRecord, now: Int64) async throws(StoreError)
    /// Removes a join token; `notFound` when it is not there.
    func deleteJoinToken(_ id: JoinTokenID) async throws(StoreError)
    /// Join tokens by id, a page at a time.
    func joinTokens(_ page: PageRequest) async throws(StoreError) -> Page<JoinTokenRecord>
    /// The join token of this digest; nil where there is none.
    func joinToken(digest: [UInt8]) async throws(StoreError) -> JoinTokenRecord?
    /// Enrolls a node where the token of this digest lets it in (`JoinTokenRecord.verdict`), in one transaction with the
    /// token's count of uses. Nil where there is no such token. The record's token does not count.
    func enroll(
        tokenDigest: [UInt8],
        now: Int64,
        _ wanted: EnrollmentRecord
    ) async throws(StoreError) -> (token: JoinTokenRecord, verdict: EnrollmentVerdict)?
    /// Every node that was ever enrolled, revoked ones too, by id.
    func enrollments() async throws(StoreError) -> [EnrollmentRecord]
    /// Shuts a node out, and its key under any name; `notFound` when no such node is enrolled.
    func revokeEnrollment(_ node: NodeID, at time: Int64) async throws(StoreError)
    /// Notes which certificate a node has, by the fingerprint of its authority; nothing where no such node is enrolled.
    func certificateShown(by node: NodeID, authority: [UInt8], endsAt: Int64) async throws(StoreError)
    /// Says of every node of which it is not known which certificate it has that it is one by this authority.
    func assumeCertificates(by authority: [UInt8], endsAt: Int64) async throws(StoreError)
    /// Adds to the audit log and drops what is beyond `Limits.maximumAuditEntries` and `maximumAuditFailures`: what is
    /// refused pushes nothing out that was done.
    func appendAudit(_ entry: AuditEntry) async throws(StoreError)
    /// The audit log, newest first, a page at a time.
    func auditEntries(_ page: PageRequest) async throws(StoreError) -> Page<AuditEntry>

    /// Ends every use of the database; later calls fail.
    func close() async throws(StoreError)
}

extension ControlStore {
    /// Adds one entry to the ledger; false when its sequence was not above the node's last.
    @discardableResult
    package func addUsage(_ entry: UsageEntry) async throws(StoreError) -> Bool { try await addUsage([entry]) == 1 }
}
