/// Why a request or a connection did not go on.
package struct HTTPError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds.
    package enum Kind: Hashable, Sendable {
        /// No connection came about.
        case connect
        /// The connection ended before the stream did.
        case connectionClosed
        /// One side reset the stream; `code` says why.
        case reset
        /// The peer refuses new streams (GOAWAY); nothing of the request was processed.
        case goAway
        /// The peer broke the protocol.
        case protocolViolation
        /// Something took longer than it may.
        case timedOut
        /// The task that waited was cancelled.
        case cancelled
        /// We called something out of turn, such as a write behind the end.
        case misuse
    }

    package let kind: Kind
    /// Set for `reset` and `goAway`.
    package let code: HTTP2ErrorCode?
    package let message: String

    package init(_ kind: Kind, _ message: String, code: HTTP2ErrorCode? = nil) {
        self.kind = kind
        self.code = code
        self.message = message
    }

    /// The code of a reset, by either side; nil for every other kind.
    package var streamReset: HTTP2ErrorCode? { kind == .reset || kind == .goAway ? code : nil }

    package var description: String { code.map { "\(message) (HTTP/2 error \($0.rawValue))" } ?? message }
}
