package import Units

/// How one blob's swarm behaves.
package struct SwarmConfiguration: Hashable, Sendable {
    /// The id in handshakes while the hashes grow; nil where the final info-hashes are known.
    package var liveID: LiveID?
    /// Connections at a time.
    package var maximumPeers: Int
    /// Peers that may download from us at a time.
    package var uploadSlots: Int
    /// Whether peers are told which piece to take next, as a relay does.
    package var advises: Bool
    /// How long a peer may owe a block before it is told as snubbed.
    package var requestTimeout: Duration

    /// Of a blob that grows under `liveID`, or with identities added later.
    package init(
        liveID: LiveID? = nil,
        maximumPeers: Int = Limits.connectionsPerBlob,
        uploadSlots: Int = 64,
        advises: Bool = false,
        requestTimeout: Duration = .seconds(20)
    ) {
        self.liveID = liveID
        self.maximumPeers = maximumPeers
        self.uploadSlots = uploadSlots
        self.advises = advises
        self.requestTimeout = requestTimeout
    }
}
