package import Logging
package import Manifest
internal import NIOCore
package import NIOPosix
package import Units

/// The growing piece caches of one process: a directory with one folder per blob (DESIGN.md section 4).
package final class PieceCache: Sendable {
    private let space: CacheSpace

    /// Takes the directory for this process; blocks on the disk for a moment. `.inUse` where another process has it.
    package init(
        directory: String,
        limits: CacheLimits,
        pool: NIOThreadPool,
        logger: Logger,
        files: any CacheFiles = SystemFiles()
    ) throws(PieceCacheError) {
        space = try CacheSpace(directory: directory, limits: limits, files: files, pool: pool, logger: logger)
    }

    // The registry and the blobs hold each other; this is where the circle ends.
    deinit { space.clear() }

    /// The blob's cache: the one already open, or recovered from disk (every offered piece proven), or new.
    /// `.invalidArgument` where it is open with another geometry; what is on disk with another one is discarded.
    package func open(_ blob: BlobID, geometry: PieceGeometry) async throws(PieceCacheError) -> BlobCache {
        let space = self.space
        let task = space.withRegistry { registry -> Task<Result<BlobCache, PieceCacheError>, Never> in
            let slot = registry.slots[blob]
            if let cache = slot?.cache { return Task { .success(cache) } }
            if let task = slot?.opening { return task }
            // Not a child of the caller: all who open the blob meanwhile share it, and none may cancel it for the others.
            let task = Task { await Self.recover(blob, geometry, space) }
            registry.opening(blob, task)
            return task
        }
        let cache = try await task.value.get()
        guard cache.geometry == geometry else {
            throw PieceCacheError(.invalidArgument, "the blob is open with another geometry")
        }
        space.withRegistry { $0.used(blob) }
        return cache
    }

    /// The blob's cache, where it is open.
    package func blob(_ id: BlobID) -> BlobCache? { space.withRegistry { $0.slots[id]?.cache } }

    /// Deletes the blob's bytes; its readers get `.removed`. Unknown blobs are no error.
    package func remove(_ blob: BlobID) async throws(PieceCacheError) {
        let space = self.space
        if let task = space.withRegistry({ $0.slots[blob]?.opening }) { _ = await task.value }
        try await space.onPool { () throws(PieceCacheError) in try space.remove(blob) }
    }

    /// An active task needs the blob: it is not evicted until as many `unpin(_:)` followed.
    package func pin(_ blob: BlobID) { space.withRegistry { $0.pinned(blob) } }
    /// Takes back one `pin(_:)`.
    package func unpin(_ blob: BlobID) { space.withRegistry { $0.unpinned(blob) } }

    /// The bytes of all blobs, open or not.
    package var usage: ByteCount { space.withRegistry { $0.usage } }

    /// The blobs that are there, open or not.
    package var blobs: [BlobID] { space.withRegistry { Array($0.slots.keys) } }

    private static func recover(
        _ blob: BlobID,
        _ geometry: PieceGeometry,
        _ space: CacheSpace
    ) async -> Result<BlobCache, PieceCacheError> {
        do {
            let cache = try await space.onPool { () throws(PieceCacheError) -> BlobCache in
                try BlobRecovery(blob: blob, geometry: geometry, space: space).run()
            }
            space.withRegistry { $0.opened(blob, cache, bytes: cache.availableBytes) }
            return .success(cache)
        } catch {
            space.withRegistry { $0.opened(blob, nil, bytes: .zero) }
            return .failure(error)
        }
    }
}
