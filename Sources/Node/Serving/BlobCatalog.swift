internal import Synchronization
internal import Units

/// The blobs this node offers, by id. Shared by the roles, which add, and the HTTP side, which reads.
final class BlobCatalog: Sendable {
    private let blobs = Mutex<[BlobID: ActiveBlob]>([:])

    func add(_ blob: ActiveBlob) { blobs.withLock { $0[blob.id] = blob } }

    func remove(_ id: BlobID) { _ = blobs.withLock { $0.removeValue(forKey: id) } }

    func blob(_ id: BlobID) -> ActiveBlob? { blobs.withLock { $0[id] } }

    /// In the order of their ids.
    var all: [ActiveBlob] { blobs.withLock { $0.values.sorted { $0.id.hex < $1.id.hex } } }
}
