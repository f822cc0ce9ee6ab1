internal import Download
internal import Scheduling
internal import SluiceAPI
internal import Units

/// What a download of one blob may use, and how.
struct DownloadPlan: Sendable {
    /// The origin as a source of last resort, under leases.
    struct OriginPlan: Sendable {
        let origin: OriginID
        let blob: Blob
        let distribution: String
        let priority: UInt32
    }

    /// Where relays serve that this node takes from.
    var relays: [Endpoint]
    /// When assist begins and ends.
    let policy: AssistPolicy
    let origin: OriginPlan?
    /// Whether this node tells the relays' trackers of itself and connects to the peers they name.
    let announces: Bool
    /// Whether what a relay at this node's own site offers is not taken from elsewhere.
    let prefersOwnSite: Bool
    /// How much may be moved when.
    var schedule: TransferSchedule
    /// Connections with peers at most; nil is the swarm's own limit.
    let maximumPeers: Int?
    /// An agent's, where the order does not say.
    private static let defaultPeers = 100

    var usesBitTorrent: Bool { !policy.bitTorrentIsDisabled }
}

extension DownloadPlan {
    /// An agent's: everything, as the order says.
    init(_ assignment: Assignment) {
        relays = assignment.relays
        let config = assignment.config ?? DistributionConfig()
        policy = AssistPolicy(config)
        schedule = TransferSchedule(config)
        maximumPeers = config.maxConnectionsPerAgent == 0 ? Self.defaultPeers : Int(config.maxConnectionsPerAgent)
        announces = policy.bitTorrentIsDisabled == false
        prefersOwnSite = true
        guard let blob = assignment.blob, let id = OriginID(blob.origin) else {
            origin = nil
            return
        }
        origin = OriginPlan(
            origin: id,
            blob: blob,
            distribution: assignment.distribution,
            priority: assignment.priority
        )
    }

    /// A relay's, of what its fellow relays pull: as a peer and in no other way. Of two relays the one with the smaller
    /// name dials.
    init(fellows: [Endpoint], of relay: NodeID, _ work: RelayTask) {
        schedule = TransferSchedule(work)
        maximumPeers = nil
        relays = fellows.filter { relay.text < $0.node }
        var peersOnly = AssistPolicy()
        peersOnly.isDisabled = true
        policy = peersOnly
        origin = nil
        announces = false
        prefersOwnSite = false
    }
}
