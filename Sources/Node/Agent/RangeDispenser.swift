internal import Synchronization
internal import Units

/// Hands the ranges of a file out to several connections, in order.
final class RangeDispenser: Sendable {
    private let size: UInt64
    private let length: UInt64
    private let next = Mutex<UInt64>(0)

    init(size: ByteCount, length: UInt64) {
        self.size = size.rawValue
        self.length = length
    }

    /// Nil once all are handed out.
    func take() -> ByteRange? {
        next.withLock { next in
            guard next < size else { return nil }
            defer { next = min(size, next + length) }
            return ByteRange(start: next, end: min(size, next + length))
        }
    }
}
