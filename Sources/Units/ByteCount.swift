/// A number of bytes, 0 to 2^64-1.
package struct ByteCount: RawRepresentable, Hashable, Comparable, Sendable, Codable {
    package var rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
    /// Traps when `count` is negative.
    package init(_ count: some BinaryInteger) { self.rawValue = UInt64(count) }

    package static let zero = ByteCount(rawValue: 0)
    package static func kibibytes(_ count: UInt64) -> ByteCount { ByteCount(rawValue: count << 10) }
    package static func mebibytes(_ count: UInt64) -> ByteCount { ByteCount(rawValue: count << 20) }
    package static func gibibytes(_ count: UInt64) -> ByteCount { ByteCount(rawValue: count << 30) }

    package static func < (left: ByteCount, right: ByteCount) -> Bool { left.rawValue < right.rawValue }
    /// Traps on overflow.
    package static func + (left: ByteCount, right: ByteCount) -> ByteCount {
        ByteCount(rawValue: left.rawValue + right.rawValue)
    }
    /// Traps below zero.
    package static func - (left: ByteCount, right: ByteCount) -> ByteCount {
        ByteCount(rawValue: left.rawValue - right.rawValue)
    }
    package static func += (left: inout ByteCount, right: ByteCount) { left.rawValue += right.rawValue }
    package static func -= (left: inout ByteCount, right: ByteCount) { left.rawValue -= right.rawValue }
    /// `self - other`, or zero where `other` is larger.
    package func subtractingToZero(_ other: ByteCount) -> ByteCount {
        other < self ? self - other : .zero
    }
    /// Traps on a machine whose `Int` cannot hold the count.
    package var int: Int { Int(rawValue) }
}
