internal import Manifest
internal import Units

/// A relay that could take a task.
struct RelayCandidate: Sendable {
    let node: NodeID
    let address: String
    let usesTLS: Bool
    let publicKey: VerifyingKey
}
