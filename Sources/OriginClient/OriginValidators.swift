package import Units

/// What makes a content that content: it must not differ between two fetches of one blob.
package struct OriginValidators: Hashable, Sendable {
    /// The size of the whole content.
    package let size: ByteCount
    /// The ETag as the origin wrote it, quotes and `W/` included; empty when there is none.
    package let etag: String
    /// Last-Modified as the origin wrote it; empty when there is none.
    package let lastModified: String

    package init(size: ByteCount, etag: String = "", lastModified: String = "") {
        self.size = size
        self.etag = etag
        self.lastModified = lastModified
    }

    /// The precondition field of a request: If-Match compares strongly (RFC 9110 section 13.1.1), so that a weak ETag
    /// would never match; then Last-Modified stands in for it.
    var precondition: (name: String, value: String)? {
        if !etag.isEmpty, !etag.hasPrefix("W/") { return ("If-Match", etag) }
        if !lastModified.isEmpty { return ("If-Unmodified-Since", lastModified) }
        return nil
    }

    /// Whether a response's own validators contradict these; one that is missing contradicts nothing.
    func isContradicted(etag other: String?, lastModified otherTime: String?) -> Bool {
        if let other, !etag.isEmpty, Self.opaque(other) != Self.opaque(etag) { return true }
        if let otherTime, !lastModified.isEmpty, otherTime != lastModified { return true }
        return false
    }

    private static func opaque(_ etag: String) -> Substring { etag.hasPrefix("W/") ? etag.dropFirst(2) : etag[...] }
}
