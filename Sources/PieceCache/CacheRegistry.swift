internal import Units

/// Which blobs a cache has, open or not, how big they are, and who uses them. A value: the cache guards it by a mutex.
struct CacheRegistry {
    struct Slot {
        /// Nil while nobody has opened it since the start.
        var cache: BlobCache?
        var opening: Task<Result<BlobCache, PieceCacheError>, Never>?
        var bytes: ByteCount
        var lastUsed: UInt64
        /// Readers, stores and other work under way.
        var holds = 0
    }

    private(set) var slots: [BlobID: Slot] = [:]
    private var pins: [BlobID: Int] = [:]
    private var clock: UInt64 = 0
    private var discarded: UInt64 = 0

    var usage: ByteCount { slots.values.reduce(.zero) { $0 + $1.bytes } }

    /// A blob found on disk at the start; call in order of last use.
    mutating func found(_ blob: BlobID, bytes: ByteCount) {
        clock += 1
        slots[blob] = Slot(cache: nil, opening: nil, bytes: bytes, lastUsed: clock)
    }

    mutating func opening(_ blob: BlobID, _ task: Task<Result<BlobCache, PieceCacheError>, Never>) {
        clock += 1
        var slot = slots[blob] ?? Slot(cache: nil, opening: nil, bytes: .zero, lastUsed: clock)
        slot.opening = task
        slot.lastUsed = clock
        slots[blob] = slot
    }

    /// Nil `cache` means that opening failed.
    mutating func opened(_ blob: BlobID, _ cache: BlobCache?, bytes: ByteCount) {
        guard slots[blob] != nil else { return }
        slots[blob]?.opening = nil
        slots[blob]?.cache = cache
        if cache != nil { slots[blob]?.bytes = bytes }
    }

    mutating func used(_ blob: BlobID) {
        clock += 1
        slots[blob]?.lastUsed = clock
    }

    mutating func held(_ blob: BlobID) {
        used(blob)
        slots[blob]?.holds += 1
    }

    mutating func released(_ blob: BlobID) {
        guard let holds = slots[blob]?.holds, holds > 0 else { return }
        slots[blob]?.holds = holds - 1
    }

    mutating func pinned(_ blob: BlobID) { pins[blob, default: 0] += 1 }

    mutating func unpinned(_ blob: BlobID) {
        guard let count = pins[blob] else { return }
        pins[blob] = count > 1 ? count - 1 : nil
    }

    mutating func grew(_ blob: BlobID, by bytes: ByteCount) { slots[blob]?.bytes += bytes }
    mutating func shrank(_ blob: BlobID, by bytes: ByteCount) {
        guard let old = slots[blob]?.bytes else { return }
        slots[blob]?.bytes = old.subtractingToZero(bytes)
    }

    /// Forgets the blob; nil where it is unknown.
    mutating func removed(_ blob: BlobID) -> Slot? { slots.removeValue(forKey: blob) }

    mutating func clear() -> [BlobCache] {
        defer { slots = [:] }
        return slots.values.compactMap(\.cache)
    }

    /// A number no other removal has.
    mutating func nextRemoval() -> UInt64 {
        discarded += 1
        return discarded
    }

    func plan(incoming: ByteCount, limits: CacheLimits) -> EvictionPlan {
        // The sum first: it is all that most stores need.
        guard usage + incoming > limits.highWater else {
            return EvictionPlan(usage: [], incoming: .zero, limits: limits)
        }
        let all = slots.map { blob, slot in
            BlobUsage(
                blob: blob,
                bytes: slot.bytes,
                lastUsed: slot.lastUsed,
                isInUse: slot.holds > 0 || pins[blob] != nil || slot.opening != nil
            )
        }
        return EvictionPlan(usage: all, incoming: incoming, limits: limits)
    }
}
