internal import Manifest
internal import Units

/// A relay that could take a task.
struct RelayCandidate: Sendable {
    let node: NodeID
    let address: String
    let usesTLS: Bool
    /// Empty where it has no label `site`.
    let site: String
    let publicKey: VerifyingKey
}
