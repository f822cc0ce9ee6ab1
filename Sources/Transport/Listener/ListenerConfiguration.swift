/// Where and how a listener listens.
package struct ListenerConfiguration: Sendable {
    package var host: String
    /// 0 lets the kernel choose.
    package var port: Int
    /// TLS on the same port where it is set.
    package var tls: TLSServerContext?
    /// As `tls`, and before it, for certificates that are renewed while the listener runs.
    package var tlsSlot: TLSServerSlot?
    /// Refuses everything but TLS, so that no secret comes in the clear to a port that could have had TLS.
    package var requiresTLS = false
    package var handshakes = HandshakeLimits()
    /// Connections the kernel may hold before they are accepted.
    package var backlog: Int32 = 4096
    /// New connections accepted in a second at most; the rest wait in the backlog. Nil for no limit.
    package var admissionsPerSecond: Int?
    package var buffers = SocketBuffers()
    /// When connections whose peer is gone without a word end.
    package var liveness = TCPLiveness()
    /// Hears of connections that are refused because their address has too many that say nothing: of the first, the second,
    /// the fourth and so on since the start, as a sentence. Called on an event loop.
    package var whenRefused: (@Sendable (_ sentence: String) -> Void)?

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }
}
