internal import FoundationEssentials
internal import PieceCache
internal import Units

extension NodeConfiguration {
    /// The cache's marks: what was asked for, or 90 % of what the disk has free now.
    var cacheLimits: CacheLimits {
        let free = try? FileManager.default.attributesOfFileSystem(forPath: dataDirectory)[.systemFreeSize] as? UInt64
        let high = cacheBytes?.rawValue ?? (free ?? 100 << 30) / 10 * 9
        return CacheLimits(
            highWater: ByteCount(rawValue: high),
            lowWater: ByteCount(rawValue: high / 10 * 9)
        )
    }
}
