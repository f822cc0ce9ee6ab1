internal import Units

/// One node's stream that is up.
final class NodeStream: Sendable {
    let node: NodeID
    let outbox: NodeOutbox

    init(node: NodeID, outbox: NodeOutbox) {
        self.node = node
        self.outbox = outbox
    }
}
