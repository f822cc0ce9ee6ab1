/// SHA1 over bytes that come in parts.
package struct SHA1Hasher: ~Copyable {
    private var context = DigestContext(.sha1)
    /// Over nothing yet.
    package init() {}
    /// Takes the next bytes.
    package mutating func update(_ bytes: RawSpan) { context.update(bytes) }
    /// The digest of all bytes taken.
    package consuming func finish() -> SHA1Digest {
        var output: [UInt8] = []
        context.finish(appendingTo: &output)
        return SHA1Digest(exactly: output)
    }
    /// The digest of bytes at hand.
    package static func digest(of bytes: [UInt8]) -> SHA1Digest {
        var hasher = SHA1Hasher()
        unsafe hasher.update(bytes.span.bytes)
        return hasher.finish()
    }
}
