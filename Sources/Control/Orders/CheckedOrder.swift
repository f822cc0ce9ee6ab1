internal import BitTorrent
internal import Manifest
internal import SluiceAPI
internal import Units

/// An order that has passed every check: what is created is made out of this alone.
struct CheckedOrder: Sendable {
    /// The order as asked, with what control filled in.
    var distribution: Distribution
    let origin: OriginID
    let allowPrivateAddresses: Bool
    let baseURLs: [String]
    let identity: BlobIdentity
    let geometry: PieceGeometry
    /// SHA-256 of the whole file; empty when the publisher gave none.
    let sha256: [UInt8]
    let agents: [NodeID]
    let relays: [RelayCandidate]
}
