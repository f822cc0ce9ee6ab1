package import HTTP
package import Transport

/// What control is told at its start.
package struct ControlConfiguration: Sendable {
    /// The folder for the database; made when missing.
    package var dataDirectory: String
    /// Where it listens; port 0 lets the kernel choose.
    package var host: String
    package var port: Int
    /// How long a lease at an origin lasts; nodes send heartbeats three times as often.
    package var leaseDuration: Duration
    /// Whether it speaks TLS and checks who calls.
    package var security = ControlSecurity.plaintext(names: [])
    /// How long after its end a node's certificate is still good for a new one, up to a year.
    package var renewalGrace = ControlSecurity.renewalGrace
    /// Called once it listens, with host, port, and what its admin needs to call it: nil for plaintext.
    package var whenReady: @Sendable (String, Int, ControlCredentials?) -> Void = { _, _, _ in }
    /// Called with the same where other authorities are to be trusted from now on.
    package var whenTrustChanges: @Sendable (String, Int, ControlCredentials) -> Void = { _, _, _ in }
    /// New connections taken in a second at most; the rest wait.
    package var admissionsPerSecond = 2000
    /// How long a node may take for the hello on its stream.
    package var helloDeadline = Duration.seconds(10)
    /// Origins whose pages may call from a browser, such as `https://console.example`; `*` for every one.
    package var allowedOrigins: [String] = []
    /// What one client may cost.
    package var httpLimits = HTTPLimits.messages
    package var handshakes = HandshakeLimits()
    /// Called with host and port once it listens.
    package var whenListening: @Sendable (String, Int) -> Void = { _, _ in }

    package init(dataDirectory: String, host: String, port: Int, leaseDuration: Duration) {
        self.dataDirectory = dataDirectory
        self.host = host
        self.port = port
        self.leaseDuration = leaseDuration
    }
}
