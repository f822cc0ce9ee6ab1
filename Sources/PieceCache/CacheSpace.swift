internal import Logging
internal import NIOCore
internal import NIOPosix
internal import Synchronization
internal import Units

/// What a cache and its blobs share: the directory, the disk pool, the limits and the registry.
final class CacheSpace: Sendable {
    let directory: String
    let limits: CacheLimits
    let files: any CacheFiles
    let pool: NIOThreadPool
    let logger: Logger
    private let lockFile: CacheFile
    private let registry = Mutex(CacheRegistry())

    init(
        directory: String,
        limits: CacheLimits,
        files: any CacheFiles,
        pool: NIOThreadPool,
        logger: Logger
    ) throws(PieceCacheError) {
        self.directory = directory
        self.limits = limits
        self.files = files
        self.pool = pool
        self.logger = logger
        try files.makeDirectory(directory)
        lockFile = try files.open(directory + "/lock")
        try files.lock(lockFile)
        var found: [(blob: BlobID, bytes: UInt64, changed: Int64)] = []
        for name in try files.names(in: directory) {
            if name.hasPrefix(".removed-") { try delete(directory + "/" + name) }
            guard let blob = BlobID(hex: name), blob.hex == name else { continue }
            let data = files.allocation(at: path(of: blob) + "/data")
            let journal = files.allocation(at: path(of: blob) + "/journal")
            found.append((blob, data?.bytes ?? 0, journal?.changed ?? 0))
        }
        found.sort { ($0.changed, $0.blob.hex) < ($1.changed, $1.blob.hex) }
        registry.withLock { registry in
            for blob in found { registry.found(blob.blob, bytes: ByteCount(rawValue: blob.bytes)) }
        }
    }

    func path(of blob: BlobID) -> String { directory + "/" + blob.hex }

    func withRegistry<Value: Sendable>(_ body: (inout sending CacheRegistry) -> sending Value) -> Value {
        registry.withLock(body)
    }

    /// Runs blocking work on the disk pool.
    func onPool<Value: Sendable>(
        _ body: @escaping @Sendable () throws(PieceCacheError) -> Value
    ) async throws(PieceCacheError) -> Value {
        do {
            return try await pool.runIfActive { () throws -> Value in try body() }
        } catch let error as PieceCacheError {
            throw error
        } catch is CancellationError {
            throw .cancelled
        } catch {
            throw PieceCacheError(.disk, "the disk pool does not run: \(error)")
        }
    }

    /// Runs blocking work on the disk pool, which nobody waits for; dropped once the pool is shut down.
    func submit(_ body: @escaping @Sendable () -> Void) {
        pool.submit { if $0 == .active { body() } }
    }

    /// Makes room for bytes of a blob that is held, evicting others; the bytes count from now on. On the pool.
    func admit(_ blob: BlobID, _ bytes: ByteCount) throws(PieceCacheError) {
        let (fits, gone) = registry.withLock { registry -> (Bool, [(BlobID, BlobCache?, String)]) in
            let plan = registry.plan(incoming: bytes, limits: limits)
            let gone = plan.evicted.compactMap { takeOut($0, of: &registry) }
            if plan.fits { registry.grew(blob, by: bytes) }
            return (plan.fits, gone)
        }
        for (id, cache, path) in gone {
            logger.info("evicted a blob", metadata: ["blob": "\(id)"])
            cache?.wasRemoved()
            do { try delete(path) } catch {
                logger.error("an evicted blob's files stay", metadata: ["blob": "\(id)", "error": "\(error.message)"])
            }
        }
        guard fits else { throw .cacheFull }
    }

    /// Forgets a blob and deletes its files. On the pool.
    func remove(_ blob: BlobID) throws(PieceCacheError) {
        guard let (_, cache, path) = registry.withLock({ takeOut(blob, of: &$0) }) else { return }
        cache?.wasRemoved()
        try delete(path)
    }

    func clear() {
        for cache in registry.withLock({ $0.clear() }) { cache.wasRemoved() }
    }

    /// Deletes a blob's directory or what is left of it.
    func delete(_ path: String) throws(PieceCacheError) {
        // The journal first: data without a journal is nothing, a journal without data is damage.
        for name in ["journal", "data", "data.new"] { try files.removeFile(path + "/" + name) }
        try files.removeDirectory(path)
    }

    /// Under the lock, so that nobody opens the old files again: renaming does not wait for the disk.
    private func takeOut(_ blob: BlobID, of registry: inout CacheRegistry) -> (BlobID, BlobCache?, String)? {
        guard let slot = registry.removed(blob) else { return nil }
        let aside = directory + "/.removed-\(registry.nextRemoval())"
        do {
            try files.rename(path(of: blob), to: aside)
            return (blob, slot.cache, aside)
        } catch {
            // Not there (already gone): nothing to delete but what may be left in place.
            return (blob, slot.cache, path(of: blob))
        }
    }
}
