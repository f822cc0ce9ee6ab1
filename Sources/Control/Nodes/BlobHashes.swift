internal import Manifest
internal import Store
internal import Units

/// What control knows of the hashes of one blob that is being distributed.
struct BlobHashes: Sendable {
    var record: BlobRecord
    let geometry: PieceGeometry
    var manifest: GrowingManifest

    var epoch: Epoch { record.epoch }
}
