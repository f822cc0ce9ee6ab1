internal import Units

/// What eviction knows of one blob.
struct BlobUsage: Hashable, Sendable {
    let blob: BlobID
    let bytes: ByteCount
    /// Grows with each use; the smallest was used longest ago.
    let lastUsed: UInt64
    /// Has readers, writers or an active task.
    let isInUse: Bool
}
