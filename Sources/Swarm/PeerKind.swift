package import Units

/// What we know of a peer from who told us about it.
package enum PeerKind: Hashable, Sendable {
    case relay(NodeID)
    case agent
    case unknown

    package var isRelay: Bool {
        if case .relay = self { true } else { false }
    }
}
