internal import Manifest
internal import SluiceAPI
internal import Store
internal import Units

/// A node as control knows it: what is stored of it, and its stream of the moment.
struct FleetNode: Sendable {
    var record: NodeRecord
    var node: Node
    var stream: NodeOutbox?
    /// Its stream has been up since control's start.
    var hasConnected = false

    var isConnected: Bool { stream != nil }

    /// Nil for an agent, and for a relay that gave no proper key.
    var publicKey: VerifyingKey? { VerifyingKey(bytes: record.publicKey) }
}
