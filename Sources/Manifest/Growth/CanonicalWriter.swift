internal import Units

/// Builds a canonical encoding: fixed layout, big-endian, no padding.
struct CanonicalWriter {
    private(set) var bytes: [UInt8] = []

    mutating func integer(_ value: some FixedWidthInteger) {
        for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }
    mutating func raw(_ more: [UInt8]) { bytes.append(contentsOf: more) }
    mutating func fixed(_ value: some FixedBytes) { bytes.append(contentsOf: value.bytes) }
    /// With a 32-bit length before it.
    mutating func counted(_ more: [UInt8]) {
        integer(UInt32(more.count))
        raw(more)
    }
}
