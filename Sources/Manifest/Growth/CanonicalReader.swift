internal import Units

/// Takes a canonical encoding apart; total: every lack of bytes is `.malformed`, nothing traps.
struct CanonicalReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func raw(_ count: Int) throws(ManifestError) -> [UInt8] {
        guard count >= 0, count <= bytes.count - position else {
            throw ManifestError(.malformed, "the encoding ends too early")
        }
        defer { position += count }
        return Array(bytes[position..<position + count])
    }
    mutating func integer<Value: FixedWidthInteger & UnsignedInteger>(
        _ type: Value.Type = Value.self
    ) throws(ManifestError) -> Value {
        try raw(Value.bitWidth / 8).reduce(0) { $0 << 8 | Value($1) }
    }
    mutating func fixed<Value: FixedBytes>(_ type: Value.Type = Value.self) throws(ManifestError) -> Value {
        guard let value = try Value(bytes: raw(Value.byteCount)) else {
            throw ManifestError(.malformed, "a fixed field has a wrong length")
        }
        return value
    }
    /// A 32-bit length, at most `limit`, and as many bytes.
    mutating func counted(limit: Int) throws(ManifestError) -> [UInt8] {
        let count = try integer(UInt32.self)
        guard count <= limit else { throw ManifestError(.tooMany, "a field is longer than its limit") }
        return try raw(Int(count))
    }
    /// Exactly these bytes.
    mutating func magic(_ expected: [UInt8]) throws(ManifestError) {
        guard try raw(expected.count) == expected else {
            throw ManifestError(.malformed, "the encoding has another magic or version")
        }
    }
    /// Nothing may be left.
    func end() throws(ManifestError) {
        guard position == bytes.count else { throw ManifestError(.malformed, "bytes after the end of the encoding") }
    }
}
