internal import NIOCore
internal import Units

/// What the swarm keeps of one connection.
struct PeerEntry: Sendable {
    let peerID: PeerID
    let kind: PeerKind
    let isOutgoing: Bool
    let channel: any Channel
    let handler: NIOLoopBound<PeerHandler>
    let counters: PeerCounters
    var receivedBefore: UInt64 = 0
    var sentBefore: UInt64 = 0
}
