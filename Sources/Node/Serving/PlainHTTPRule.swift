internal import NIOCore
internal import RPC
internal import Transport

/// Who is answered over HTTP without TLS (DESIGN.md section 9): everybody where that was asked for by name, else this machine
/// alone, under no name that a web page could have made lead here. The tracker belongs to BitTorrent, which knows no TLS: it
/// answers all.
struct PlainHTTPRule: Sendable {
    let isOpen: Bool

    private static let hosts = AllowedHosts(addresses: .loopback, names: [])

    /// Why a request is not answered; nil where it is.
    func refusal(path: String, authority: String, from remote: SocketAddress?) -> String? {
        if isOpen { return nil }
        if Self.isThisMachine(remote) {
            return Self.hosts.allows(authority) ? nil : "nothing is served under that name without TLS"
        }
        return path == "/announce"
            ? nil : "files are served over TLS here; the relay's --plain-http allows HTTP without it"
    }

    /// Whether an address is one of loopback.
    static func isThisMachine(_ address: SocketAddress?) -> Bool {
        guard let bytes = address?.addressBytes else { return false }
        return bytes.count == 4 ? bytes[0] == 127 : bytes == [UInt8](repeating: 0, count: 15) + [1]
    }
}
