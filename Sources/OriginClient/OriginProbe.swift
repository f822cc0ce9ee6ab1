package import Units

/// What an origin says about a URL.
package struct OriginProbe: Hashable, Sendable {
    /// The size, as the origin gives it.
    package let size: ByteCount
    /// The ETag as the origin wrote it; empty when there is none.
    package let etag: String
    /// Last-Modified as the origin wrote it; empty when there is none.
    package let lastModified: String
    /// Whether ranges are served.
    package let acceptsRanges: Bool
    /// The URL after redirects.
    package let finalURL: String
    /// What later fetches must match.
    package var validators: OriginValidators { OriginValidators(size: size, etag: etag, lastModified: lastModified) }
}
