/// Host and port as they stand in a URL (RFC 3986 section 3.2): an IPv6 address in brackets.
package enum URLAuthority {
    /// `HOST:PORT`.
    package static func text(_ host: String, _ port: Int) -> String { "\(bracketed(host)):\(port)" }

    /// The host alone.
    package static func bracketed(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }
}
