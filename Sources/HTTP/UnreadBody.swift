internal import NIOCore

/// What has arrived of a body and was not read yet, in order.
///
/// A part is a slice of what was read from the socket and keeps all of that in memory: small parts are copied together, or
/// a peer that sends single bytes would hold a whole read of ours with each.
struct UnreadBody {
    /// How much memory a byte of a part may hold, in bytes.
    private static let largestShare = 16
    /// A part below this is copied in any case: the bookkeeping of one costs as much.
    private static let smallestPart = 256

    private var parts = CircularBuffer<ByteBuffer>(initialCapacity: 1)
    private var copied = ByteBuffer()
    /// Bytes that wait.
    private(set) var count = 0

    mutating func append(_ bytes: ByteBuffer) {
        let length = bytes.readableBytes
        count += length
        guard length < Self.smallestPart || length * Self.largestShare < bytes.storageCapacity else {
            sealCopied()
            parts.append(bytes)
            return
        }
        copied.writeImmutableBuffer(bytes)
    }

    mutating func popFirst() -> ByteBuffer? {
        if parts.isEmpty { sealCopied() }
        guard let first = parts.popFirst() else { return nil }
        count -= first.readableBytes
        return first
    }

    /// Throws all away; how many bytes that were.
    mutating func removeAll() -> Int {
        defer { self = UnreadBody() }
        return count
    }

    private mutating func sealCopied() {
        guard copied.readableBytes > 0 else { return }
        parts.append(copied)
        copied = ByteBuffer()
    }
}
