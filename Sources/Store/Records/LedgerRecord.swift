package import Units

/// The sum of bytes that one node took from an origin for one distribution and reason.
package struct LedgerRecord: Hashable, Sendable {
    /// The origin.
    package var origin: OriginID
    /// Who took them.
    package var node: NodeID
    /// What for.
    package var distribution: DistributionID
    /// Why the node went to the origin.
    package var reason: UsageReason
    /// Bytes of content.
    package var bytes: ByteCount

    package init(
        origin: OriginID,
        node: NodeID,
        distribution: DistributionID,
        reason: UsageReason,
        bytes: ByteCount
    ) {
        self.origin = origin
        self.node = node
        self.distribution = distribution
        self.reason = reason
        self.bytes = bytes
    }
}
