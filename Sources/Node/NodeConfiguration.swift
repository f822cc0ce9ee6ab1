package import HTTP
package import SluiceAPI
package import Transport
package import Units

/// What a relay or an agent is told at its start.
package struct NodeConfiguration: Sendable {
    /// Where control listens.
    package var controlHost: String
    package var controlPort: Int
    /// The folder for the cache and the node's identity; made when missing.
    package var dataDirectory: String
    /// Where the node listens; port 0 lets the kernel choose.
    package var host: String
    package var port: Int
    /// Where others reach it; port 0 is the one it listens on. Nil is where it listens.
    package var advertised: (host: String, port: Int)?
    /// Made on the first start and kept in the data folder unless given.
    package var name: NodeID?
    package var labels: [Label] = []
    package var version = ""
    /// How the node and control know each other.
    package var security = NodeSecurity.plaintext
    /// HTTPS on the relay's port when both are given; PEM files. Without them an enrolled node
    /// shows the certificate that it got from control.
    package var tlsCertificatePath: String?
    package var tlsKeyPath: String?
    /// Whether everybody is answered over HTTP without TLS, too; else only this machine is. BitTorrent and its tracker know
    /// no TLS and are served in any case.
    package var servesPlainHTTP = false
    /// Disk space for the cache; 90 % of what is free unless given.
    package var cacheBytes: ByteCount?
    /// Bytes per second that may leave for BitTorrent peers; HTTP is not held back. Nil is no limit.
    package var uploadLimit: BytesPerSecond?
    /// Where random choices begin, together with the name; nil is elsewhere at each start. For runs that are to be repeated.
    package var seed: UInt64?
    /// What one client of its port may cost.
    package var httpLimits = HTTPLimits()
    package var handshakes = HandshakeLimits()
    /// How the node talks to control.
    package var controlTransport = ControlTransport.automatic
    /// Called each time control has answered the node's hello.
    package var whenConnected: @Sendable () -> Void = {}

    package init(controlHost: String, controlPort: Int, dataDirectory: String, host: String, port: Int) {
        self.controlHost = controlHost
        self.controlPort = controlPort
        self.dataDirectory = dataDirectory
        self.host = host
        self.port = port
    }
}
