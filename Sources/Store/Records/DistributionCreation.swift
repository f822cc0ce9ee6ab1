/// The outcome of creating a distribution.
package struct DistributionCreation: Hashable, Sendable {
    /// The distribution as it is stored.
    package var distribution: DistributionRecord
    /// Its blob as it is stored.
    package var blob: BlobRecord
    /// False when the request id had been seen: nothing was created.
    package var isNew: Bool

    package init(
        distribution: DistributionRecord,
        blob: BlobRecord,
        isNew: Bool
    ) {
        self.distribution = distribution
        self.blob = blob
        self.isNew = isNew
    }
}
