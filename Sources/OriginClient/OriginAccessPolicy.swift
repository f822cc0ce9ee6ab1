/// What may be fetched for one origin. Schemes are http and https, always.
package struct OriginAccessPolicy: Hashable, Sendable {
    /// Whether loopback, link-local and private addresses may be connected to.
    package let allowPrivateAddresses: Bool
    /// URLs, redirects included, must lie below one of these. Without any, redirects must stay at the same scheme, host
    /// and port.
    package let baseURLs: [String]
    /// Sent as `Authorization` with every request; nil sends none. Never shown.
    package let authorization: String?
    /// A PEM file of certificate authorities to trust instead of the system's.
    package let trustedCertificatesPath: String?

    package init(
        allowPrivateAddresses: Bool,
        baseURLs: [String],
        authorization: String? = nil,
        trustedCertificatesPath: String? = nil
    ) {
        self.allowPrivateAddresses = allowPrivateAddresses
        self.baseURLs = baseURLs
        self.authorization = authorization
        self.trustedCertificatesPath = trustedCertificatesPath
    }

    /// Whether the URL is well formed and lies below a base URL.
    package func permits(_ url: String) -> Bool {
        guard let url = OriginURL(url) else { return false }
        return baseURLs.isEmpty || isBelowBase(url)
    }

    /// Whether a redirect may be followed.
    func permits(_ url: OriginURL, from first: OriginURL) -> Bool {
        baseURLs.isEmpty ? url.hasSameAuthority(as: first) : isBelowBase(url)
    }

    private func isBelowBase(_ url: OriginURL) -> Bool {
        baseURLs.contains { OriginURL($0).map(url.isBelow) ?? false }
    }
}
