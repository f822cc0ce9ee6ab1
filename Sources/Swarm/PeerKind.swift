package import Units

/// What we know of a peer from who told us about it.
package enum PeerKind: Hashable, Sendable {
    case relay(NodeID)
    case agent
    case unknown
}
