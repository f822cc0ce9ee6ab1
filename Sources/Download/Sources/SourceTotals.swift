package import Units

/// Bytes received, by kind of source; duplicates were thrown away.
package struct SourceTotals: Hashable, Sendable {
    package var agentPeers = ByteCount.zero
    package var relayPeers = ByteCount.zero
    package var relayHTTP = ByteCount.zero
    package var origin = ByteCount.zero
    package var duplicate = ByteCount.zero

    package init() {}

    mutating func add(_ bytes: ByteCount, from kind: SourceKind) {
        switch kind {
        case .agentPeer: agentPeers += bytes
        case .relayPeer: relayPeers += bytes
        case .relayHTTP: relayHTTP += bytes
        case .originHTTP: origin += bytes
        }
    }

    /// All that was received once.
    package var useful: ByteCount { agentPeers + relayPeers + relayHTTP + origin }
}
