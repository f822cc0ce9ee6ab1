internal import Manifest
internal import SluiceAPI
internal import Store
internal import Units

/// A node as control knows it: what is stored of it, and its stream of the moment.
struct FleetNode: Sendable {
    var record: NodeRecord
    var node: Node
    var stream: NodeOutbox?

    var isConnected: Bool { stream != nil }

    /// Nil for an agent, and for a relay that gave no proper key.
    var publicKey: VerifyingKey? { VerifyingKey(bytes: record.publicKey) }
}
