internal import Units

/// Keeps a blob from being evicted while it lives.
final class BlobHold: Sendable {
    let cache: BlobCache
    init(_ cache: BlobCache) {
        self.cache = cache
        let id = cache.id
        cache.space.withRegistry { $0.held(id) }
    }
    deinit {
        let id = cache.id
        cache.space.withRegistry { $0.released(id) }
    }
}
