package import Units

/// Bytes that one node says it took from an origin; added to the ledger once per node and sequence.
package struct UsageEntry: Hashable, Sendable {
    /// The origin.
    package var origin: OriginID
    /// Who took them.
    package var node: NodeID
    /// What for.
    package var distribution: DistributionID
    /// Why the node went to the origin.
    package var reason: UsageReason
    /// Grows with each usage report of this node.
    package var sequence: UInt64
    /// Bytes of content.
    package var bytes: ByteCount

    package init(
        origin: OriginID,
        node: NodeID,
        distribution: DistributionID,
        reason: UsageReason,
        sequence: UInt64,
        bytes: ByteCount
    ) {
        self.origin = origin
        self.node = node
        self.distribution = distribution
        self.reason = reason
        self.sequence = sequence
        self.bytes = bytes
    }
}
