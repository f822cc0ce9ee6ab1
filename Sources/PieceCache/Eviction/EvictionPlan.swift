internal import Units

/// Which blobs go when more bytes are to come: the least recently used first, down to the low-water mark, never one in use.
struct EvictionPlan: Hashable, Sendable {
    /// In this order.
    let evicted: [BlobID]
    /// Whether the new bytes stay under the high-water mark then.
    let fits: Bool

    init(usage: [BlobUsage], incoming: ByteCount, limits: CacheLimits) {
        var total = usage.reduce(incoming) { $0 + $1.bytes }
        guard total > limits.highWater else {
            (evicted, fits) = ([], true)
            return
        }
        var evicted: [BlobID] = []
        let idle = usage.filter { !$0.isInUse && $0.bytes > .zero }.sorted {
            ($0.lastUsed, $0.blob.hex) < ($1.lastUsed, $1.blob.hex)
        }
        for blob in idle where total > limits.lowWater {
            evicted.append(blob.blob)
            total -= blob.bytes
        }
        self.evicted = evicted
        fits = total <= limits.highWater
    }
}
