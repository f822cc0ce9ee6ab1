/// Where blocks come from, in the order of preference.
package enum SourceKind: Hashable, Sendable, CaseIterable {
    case agentPeer, relayPeer, relayHTTP, originHTTP

    /// Whether it speaks BitTorrent.
    package var isPeer: Bool { self == .agentPeer || self == .relayPeer }
}
