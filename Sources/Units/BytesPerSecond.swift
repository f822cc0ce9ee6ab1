/// A transfer rate in bytes per second, 0 to 2^64-1.
package struct BytesPerSecond: RawRepresentable, Hashable, Comparable, Sendable, Codable {
    package var rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
    /// Traps when `rate` is negative.
    package init(_ rate: some BinaryInteger) { self.rawValue = UInt64(rate) }
    package static let zero = BytesPerSecond(rawValue: 0)
    package static func < (left: BytesPerSecond, right: BytesPerSecond) -> Bool {
        left.rawValue < right.rawValue
    }
    package static func + (left: BytesPerSecond, right: BytesPerSecond) -> BytesPerSecond {
        BytesPerSecond(rawValue: left.rawValue + right.rawValue)
    }
    /// Traps below zero.
    package static func - (left: BytesPerSecond, right: BytesPerSecond) -> BytesPerSecond {
        BytesPerSecond(rawValue: left.rawValue - right.rawValue)
    }
    /// The mean rate of `bytes` over `duration`, 10^18 at most; zero where the duration is not positive.
    package init(_ bytes: ByteCount, over duration: Duration) {
        let seconds = duration.seconds
        self.rawValue = seconds > 0 ? UInt64(min(1e18, Double(bytes.rawValue) / seconds).rounded(.down)) : 0
    }
    /// The bytes that pass in `duration`, rounded down; zero for a negative duration.
    package func bytes(in duration: Duration) -> ByteCount {
        ByteCount(rawValue: UInt64((Double(rawValue) * max(0, duration.seconds)).rounded(.down)))
    }
}

extension BytesPerSecond: CustomStringConvertible {
    /// Such as `1.5 MiB/s`.
    package var description: String { "\(ByteCount(rawValue: rawValue))/s" }
}
