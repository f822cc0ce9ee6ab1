/// Why an origin did not give what it was asked. The text never holds URLs, credentials or paths.
package struct OriginError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds; more may come.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        package let description: String
        private init(_ description: String) { self.description = description }
        /// 404 or 410.
        package static let notFound = Code("notFound")
        /// 401, 403 or 407.
        package static let forbidden = Code("forbidden")
        /// The validators or the length differ from what was asked for: the content is another one.
        package static let changed = Code("changed")
        /// The URL, a redirect or an address is outside what the policy allows.
        package static let refusedAddress = Code("refusedAddress")
        /// The origin answers ranges with the whole file.
        package static let rangeUnsupported = Code("rangeUnsupported")
        /// The content is compressed although identity was asked for.
        package static let contentEncoded = Code("contentEncoded")
        /// 429 or 503; `retryAfter` says when to come back, where the origin does.
        package static let throttled = Code("throttled")
        /// No connection, or no byte, in time.
        package static let timedOut = Code("timedOut")
        /// The connection failed or ended early.
        package static let transport = Code("transport")
        /// TLS failed; the certificate was not trusted.
        package static let tls = Code("tls")
        /// Any other status; `status` holds it.
        package static let status = Code("status")
        /// More redirects than are followed.
        package static let tooManyRedirects = Code("tooManyRedirects")
        /// The fetch was cancelled, its connection closed or the client shut down.
        package static let cancelled = Code("cancelled")
    }
    /// What to act on.
    package let code: Code
    /// One sentence.
    package let message: String
    /// The HTTP status, where there was one.
    package let status: Int?
    /// How long the origin asks to be left alone; only with `throttled`.
    package let retryAfter: Duration?

    package init(_ code: Code, _ message: String, status: Int? = nil, retryAfter: Duration? = nil) {
        self.code = code
        self.message = message
        self.status = status
        self.retryAfter = retryAfter
    }
    package var description: String { "\(code): \(message)" }
}
