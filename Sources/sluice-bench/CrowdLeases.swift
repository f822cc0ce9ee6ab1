import Leases
import NIOCore
import Node
import SluiceAPI
import Units

/// The leases of a crowd at one origin, each with the holder that real nodes have: whoever gets a connection uses it for a
/// second, gives it back, and wants it again with its next heartbeat.
struct CrowdLeases {
    private static let use = Duration.seconds(1)

    private let origin: OriginID
    private let wantsConnections: Bool
    private var holders: [LeaseHolder]
    /// Who gives a connection back when, in order.
    private var ends: CircularBuffer<(at: BootTime, agent: Int)> = []
    /// Who uses one.
    private var using: Set<Int> = []
    private(set) var most = 0
    private(set) var served = 0

    var inUse: Int { using.count }

    init(origin: OriginID, wantsConnections: Bool, agents: Int, at now: BootTime) {
        self.origin = origin
        self.wantsConnections = wantsConnections
        let terms = LeaseTerms(duration: .seconds(30))
        self.holders = Array(repeating: LeaseHolder(terms: terms, firstSequence: 0, at: now), count: agents)
    }

    mutating func welcomed(_ agent: Int, by granter: Epoch) { holders[agent].granterKnown(granter) }

    /// What an agent says now.
    mutating func heartbeat(of agent: Int, wants: Bool, at now: BootTime) -> LeaseHeartbeat {
        let wanted = wants && wantsConnections
        return LeaseHeartbeat(
            holders[agent].heartbeatSent(
                wants: LeaseAmounts(connections: wanted ? 1 : 0, rate: wanted ? .max : 0),
                wantsBytes: 0,
                weight: 100,
                at: now
            ),
            origin: origin
        )
    }

    /// Uses what a grant gives; returns whether control should hear of it at once.
    mutating func arrived(_ message: LeaseGrant, at agent: Int, now: BootTime) -> Bool {
        guard let grant = GrantedLease(message) else { return false }
        let isNews = holders[agent].grantArrived(grant, at: now)
        if holders[agent].openConnection(at: now) {
            using.insert(agent)
            served += 1
            most = max(most, using.count)
            ends.append((now + Self.use, agent))
        }
        return isNews
    }

    /// Ends what is over; returns those who tell control.
    mutating func step(at now: BootTime) -> [Int] {
        var telling: [Int] = []
        while let next = ends.first, next.at <= now {
            ends.removeFirst()
            if close(next.agent) { telling.append(next.agent) }
        }
        for agent in using where holders[agent].connectionsToAbort(at: now) > 0 { _ = close(agent) }
        return telling
    }

    private mutating func close(_ agent: Int) -> Bool {
        guard using.remove(agent) != nil else { return false }
        _ = holders[agent].connectionClosed()
        return true
    }
}
