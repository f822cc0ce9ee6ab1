package import Units

/// What the granter's shell has to do, in order: what is to be kept is durable before anything behind it is sent.
package enum LeaseAction: Equatable, Sendable {
    case persist(LeaseReserve)
    case send(NodeID, GrantedLease)
}
