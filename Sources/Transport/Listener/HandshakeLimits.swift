/// What connections may cost a listener before they have shown what they want.
package struct HandshakeLimits: Hashable, Sendable {
    /// Connections of one address, or of one IPv6 network of 64 bits, that have not shown what they want: TLS handshakes,
    /// HTTP/2 prefaces, first requests. More are closed at once.
    package var halfOpenPerAddress = 1000
    /// How long a connection may take to show what it speaks, TLS handshake included.
    package var deadline = Duration.seconds(10)

    /// The defaults above.
    package init() {}
}
