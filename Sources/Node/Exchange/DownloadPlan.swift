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
    /// How much may be moved when: what the most generous of these allows.
    private(set) var schedules: [TransferSchedule]
    /// Connections with peers at most; nil is the swarm's own limit.
    private(set) var maximumPeers: Int?
    /// An agent's, where the order does not say.
    private static let defaultPeers = 100

    var usesBitTorrent: Bool { !policy.bitTorrentIsDisabled }

    func allowance(atUnixSeconds seconds: Int64) -> TransferAllowance {
        .mostGenerous(of: schedules.map { $0.allowance(atUnixSeconds: seconds) })
    }

    /// What several orders of one blob allow together; nil for none. The first says how it is downloaded, all of them from
    /// where and when.
    static func joined(_ plans: some Sequence<DownloadPlan>) -> DownloadPlan? {
        plans.reduce(nil as DownloadPlan?) { joined, next in
            guard var joined else { return next }
            joined.join(next)
            return joined
        }
    }

    /// Another order of the same blob: its relays help too, and neither order's limits hold back the other.
    private mutating func join(_ other: DownloadPlan) {
        let known = Set(relays.map(\.address))
        relays += other.relays.filter { !known.contains($0.address) }
        schedules += other.schedules
        maximumPeers = maximumPeers.flatMap { most in other.maximumPeers.map { max($0, most) } }
    }
}

extension DownloadPlan {
    /// An agent's: everything, as the order says.
    init(_ assignment: Assignment) {
        relays = assignment.relays
        let config = assignment.config ?? DistributionConfig()
        policy = AssistPolicy(config)
        schedules = [TransferSchedule(config)]
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
    init(_ work: RelayTask, of relay: NodeID) {
        schedules = [TransferSchedule(work)]
        maximumPeers = nil
        relays = work.relays.filter { relay.text < $0.node }
        var peersOnly = AssistPolicy()
        peersOnly.isDisabled = true
        policy = peersOnly
        origin = nil
        announces = false
        prefersOwnSite = false
    }
}
