internal import SluiceAPI
internal import Units

/// One node's stream that is up, or what stands in for it.
final class NodeStream: Sendable {
    let node: NodeID
    let role: NodeRole
    let outbox: NodeOutbox

    init(node: NodeID, role: NodeRole, outbox: NodeOutbox) {
        self.node = node
        self.role = role
        self.outbox = outbox
    }
}
