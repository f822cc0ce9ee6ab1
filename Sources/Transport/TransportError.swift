/// Why a socket could not be used.
package struct TransportError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds.
    package enum Kind: Hashable, Sendable { case bind, connect, timedOut, tls, configuration, unknownProtocol, refused }

    package let kind: Kind
    package let message: String

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    package var description: String { message }
}
