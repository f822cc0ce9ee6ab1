/// A half-open range of byte offsets within a blob.
package struct ByteRange: Hashable, Sendable {
    /// First byte.
    package let start: UInt64
    /// One past the last byte; never below `start`.
    package let end: UInt64
    /// Traps when `end` lies before `start`.
    package init(start: UInt64, end: UInt64) {
        precondition(start <= end, "a byte range ends before it starts")
        self.start = start
        self.end = end
    }
    package init(start: UInt64, count: ByteCount) { self.init(start: start, end: start + count.rawValue) }
    package var count: ByteCount { ByteCount(rawValue: end - start) }
    package var isEmpty: Bool { start == end }
    package func contains(_ other: ByteRange) -> Bool { start <= other.start && other.end <= end }
    /// The bytes both ranges share; nil when there are none.
    package func intersection(_ other: ByteRange) -> ByteRange? {
        let low = max(start, other.start)
        let high = min(end, other.end)
        return low < high ? ByteRange(start: low, end: high) : nil
    }
}
