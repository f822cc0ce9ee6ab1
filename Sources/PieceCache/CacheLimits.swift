package import Units

/// How much disk the cache uses, and how often it syncs.
package struct CacheLimits: Hashable, Sendable {
    /// Above this, blobs are evicted.
    package let highWater: ByteCount
    /// Eviction goes on to here.
    package let lowWater: ByteCount
    /// Unsynced pieces that force a sync; after a crash at most about so many are hashed again.
    package let piecesPerSync: Int
    /// Unsynced bytes that force a sync.
    package let bytesPerSync: ByteCount

    /// Traps where the low mark is above the high one.
    package init(
        highWater: ByteCount,
        lowWater: ByteCount,
        piecesPerSync: Int = 256,
        bytesPerSync: ByteCount = .mebibytes(256)
    ) {
        precondition(lowWater <= highWater, "the low-water mark lies above the high-water mark")
        precondition(piecesPerSync > 0 && bytesPerSync > .zero, "syncs need pieces between them")
        self.highWater = highWater
        self.lowWater = lowWater
        self.piecesPerSync = piecesPerSync
        self.bytesPerSync = bytesPerSync
    }
}
