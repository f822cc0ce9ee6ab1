/// Writes the fields of one protobuf message; the twin of `WireReader`.
struct WireWriter {
    private(set) var bytes: [UInt8] = []

    /// A number, also when it is zero: callers leave out what is at its default.
    mutating func write(_ number: UInt64, field: UInt64) {
        varint(field << 3)
        varint(number)
    }

    /// Bytes, a text's UTF-8, or a message.
    mutating func write(_ value: some Collection<UInt8>, field: UInt64) {
        varint(field << 3 | 2)
        varint(UInt64(value.count))
        bytes += value
    }

    private mutating func varint(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
