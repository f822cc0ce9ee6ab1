internal import Foundation
internal import NIOCore
internal import RPC
internal import SluiceAPI

/// How control's listener is protected.
package enum ControlSecurity: Sendable {
    /// No TLS and no access control: whoever can connect may do everything. For loopback, or a network that is trusted.
    /// It answers under its addresses, `localhost`, and `names`: a web page could make any other name lead here.
    case plaintext(names: [String])
    /// TLS by control's own authority, tokens for users, certificates for nodes. `names` are host names and addresses
    /// the server is reached by, beside those it finds out itself; nodes' certificates last `certificateLifetime`.
    case tls(names: [String], certificateLifetime: Duration)

    /// How long a node's certificate lasts unless asked otherwise.
    package static let certificateLifetime = Duration.seconds(86_400)
    /// How long after its end a node's certificate is good for a new one, unless asked otherwise: control or the node may
    /// have been away for longer than it lasts.
    package static let renewalGrace = Duration.seconds(30 * 86_400)

    static let certificateName = NodeCertificateName.control

    /// Every name that a client may know a server by that listens on `host`.
    static func names(listening host: String, further: [String]) -> [String] {
        var names = ["localhost", "127.0.0.1", "::1"]
        var own = ProcessInfo.processInfo.hostName
        if own.hasSuffix(".") { own.removeLast() }
        if isPlain(own) { names.append(own) }
        if host == "0.0.0.0" || host == "::" {
            let devices = (try? System.enumerateDevices()) ?? []
            names += devices.compactMap { $0.address?.ipAddress }.filter { !$0.contains("%") }
        } else {
            names.append(host)
        }
        var seen: Set<String> = []
        return (names + further).filter { seen.insert($0).inserted }
    }

    /// The hosts that a server answers under; nil for any.
    func hosts(listening host: String) -> AllowedHosts? {
        guard case .plaintext(let names) = self else { return nil }
        let isLoopback = AllowedHosts.isThisMachine(host)
        return AllowedHosts(addresses: isLoopback ? .loopback : .all, names: isLoopback ? names : names + [host])
    }

    /// Whether a text can stand in a certificate as a host name or an address.
    package static func isPlain(_ name: String) -> Bool {
        (1...253).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case 48...57, 65...90, 97...122: true
                default: ".-:*".utf8.contains(byte)
                }
            }
    }
}
