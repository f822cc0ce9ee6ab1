package import Units

/// A user's order as control keeps it.
package struct DistributionRecord: Hashable, Sendable {
    /// The distribution's id.
    package var id: DistributionID
    /// The client's own id for the request; unique unless empty.
    package var requestID: String
    /// What is sent.
    package var blob: BlobID
    /// Where it comes from.
    package var origin: OriginID
    /// The order, encoded by control.
    package var order: [UInt8]
    /// Where it stands.
    package var state: DistributionRecordState
    /// Why it failed; empty unless it did.
    package var failure: String
    /// Weight at the origin, 1 to 1000.
    package var priority: UInt32
    /// When it was ordered, milliseconds since 1970.
    package var createdAt: Int64
    /// When it ended, milliseconds since 1970.
    package var endedAt: Int64?

    package init(
        id: DistributionID,
        requestID: String = "",
        blob: BlobID,
        origin: OriginID,
        order: [UInt8],
        state: DistributionRecordState = .pending,
        failure: String = "",
        priority: UInt32 = 100,
        createdAt: Int64,
        endedAt: Int64? = nil
    ) {
        self.id = id
        self.requestID = requestID
        self.blob = blob
        self.origin = origin
        self.order = order
        self.state = state
        self.failure = failure
        self.priority = priority
        self.createdAt = createdAt
        self.endedAt = endedAt
    }
}
