internal import BitTorrent
internal import NIOCore
internal import Transport
internal import Units

/// Where others reach this node: as it was told, else where it listens.
struct NodeReach: Sendable {
    let host: String
    let port: Int
    /// As trackers name it; nil where no address of this machine is known.
    let peer: PeerAddress?

    /// A node that listens on every address is reached at the first of this machine's that is not loopback; control is told
    /// of every address, and takes the one that it sees.
    init(bound: SocketAddress, configuration: NodeConfiguration) throws {
        let told = configuration.advertised
        host = told?.host ?? bound.ipAddress ?? configuration.host
        let port = told.flatMap { $0.port > 0 ? $0.port : nil } ?? bound.port ?? 0
        self.port = port
        var known = bound
        if let told {
            do {
                known = try SocketAddress.makeAddressResolvingHost(told.host, port: port)
            } catch {
                throw UserError(.invalidArgument, "\(told.host), where others are to reach this node, has no address")
            }
        }
        let address = known.isUnspecified ? try Self.ownAddress() : known
        peer = address?.addressBytes.flatMap { PeerAddress(address: $0, port: UInt16(clamping: port)) }
    }

    /// `HOST:PORT`.
    var text: String { URLAuthority.text(host, port) }

    private static func ownAddress() throws -> SocketAddress? {
        let all = try System.enumerateDevices().compactMap(\.address)
        return all.first { $0.addressBytes?.count == 4 && $0.addressBytes?.first != 127 }
    }
}

extension SocketAddress {
    fileprivate var isUnspecified: Bool { addressBytes?.allSatisfy { $0 == 0 } ?? false }
}
