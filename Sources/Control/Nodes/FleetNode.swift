internal import Manifest
internal import SluiceAPI
internal import Store
internal import Units

/// A node as control knows it: what is stored of it, and its stream of the moment.
struct FleetNode: Sendable {
    private final class Description: Sendable {
        let record: NodeRecord
        let node: Node

        init(record: NodeRecord, node: Node) {
            self.record = record
            self.node = node
        }
    }

    /// By reference: a hundred thousand of these are copied to find the targets of an order.
    private let description: Description
    var stream: NodeOutbox?
    /// Its stream has been up since control's start, and whoever looks for it knows where it is.
    var hasConnected: Bool
    /// Its stream has been gone for longer than a relay is waited for.
    var isGone = false

    init(record: NodeRecord, node: Node, stream: NodeOutbox? = nil, hasConnected: Bool = false) {
        self.description = Description(record: record, node: node)
        self.stream = stream
        self.hasConnected = hasConnected
    }

    var record: NodeRecord { description.record }
    var node: Node { description.node }
    var isConnected: Bool { stream != nil }

    /// Nil for an agent, and for a relay that gave no proper key.
    var publicKey: VerifyingKey? { VerifyingKey(bytes: record.publicKey) }
}
