internal import Glibc

/// An open file; closed when the last user lets go.
package final class CacheFile: Sendable {
    package let descriptor: Int32
    /// Takes over the descriptor.
    package init(descriptor: Int32) { self.descriptor = descriptor }
    deinit { close(descriptor) }
}
