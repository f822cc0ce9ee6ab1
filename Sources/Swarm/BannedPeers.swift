internal import NIOCore
internal import Transport
internal import Units

/// Who has lied: by the id it gave itself, which costs nothing to change, and by its address once several ids from there have
/// lied. One alone may share the address with honest ones.
struct BannedPeers: Sendable {
    /// So many liars at one address shut it out.
    static let liarsOfAddress = 3

    private let limit: Int
    private var ids: Set<PeerID> = []
    /// The oldest first; those beyond the limit are forgotten.
    private var order: [(id: PeerID, address: [UInt8])] = []
    private var liars: [[UInt8]: Int] = [:]

    init(limit: Int = Limits.bannedPeers) { self.limit = limit }

    mutating func insert(_ peer: PeerID, at address: SocketAddress?) {
        guard ids.insert(peer).inserted else { return }
        let bytes = address?.addressBytes ?? []
        order.append((peer, bytes))
        liars[bytes, default: 0] += 1
        guard order.count > limit else { return }
        let oldest = order.removeFirst()
        ids.remove(oldest.id)
        liars[oldest.address] = liars[oldest.address].flatMap { $0 > 1 ? $0 - 1 : nil }
    }

    func contains(_ peer: PeerID, at address: SocketAddress?) -> Bool {
        if ids.contains(peer) { return true }
        guard let bytes = address?.addressBytes else { return false }
        return liars[bytes, default: 0] >= Self.liarsOfAddress
    }
}
