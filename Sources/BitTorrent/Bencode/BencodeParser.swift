/// Reads bencoded values from the front of bytes; total, bounded in depth and count.
package struct BencodeParser {
    private let bytes: [UInt8]
    /// The first byte not read yet.
    package private(set) var position: Int
    private var values = 0

    /// Starts at `position`, which lies within the bytes or at their end.
    package init(_ bytes: [UInt8], at position: Int = 0) {
        precondition((0...bytes.count).contains(position), "a parser starts within its bytes")
        self.bytes = bytes
        self.position = position
    }

    /// Whether every byte was read.
    package var isAtEnd: Bool { position == bytes.count }

    /// The next value.
    package mutating func value() throws(BencodeError) -> BencodeValue { try value(depth: 0) }

    /// Where the value under `key` of the dictionary at the current position stands, undecoded; nil where it has none.
    package mutating func range(ofKey key: String) throws(BencodeError) -> Range<Int>? {
        guard try byte() == UInt8(ascii: "d") else { throw .malformed }
        let wanted = Array(key.utf8)
        while try peek() != UInt8(ascii: "e") {
            let name = try string()
            let start = position
            _ = try value(depth: 1)
            if name == wanted { return start..<position }
        }
        return nil
    }

    private mutating func value(depth: Int) throws(BencodeError) -> BencodeValue {
        guard depth < Limits.maximumBencodeDepth else { throw .tooDeep }
        values += 1
        guard values <= Limits.maximumBencodeValues else { throw .tooMany }
        switch try peek() {
        case UInt8(ascii: "i"):
            position += 1
            return .integer(try integer(until: UInt8(ascii: "e")))
        case UInt8(ascii: "l"):
            position += 1
            var list: [BencodeValue] = []
            while try peek() != UInt8(ascii: "e") { list.append(try value(depth: depth + 1)) }
            position += 1
            return .list(list)
        case UInt8(ascii: "d"):
            position += 1
            var entries: [[UInt8]: BencodeValue] = [:]
            while try peek() != UInt8(ascii: "e") {
                let key = try string()
                guard entries.updateValue(try value(depth: depth + 1), forKey: key) == nil else { throw .duplicateKey }
            }
            position += 1
            return .dictionary(entries)
        default:
            return .string(try string())
        }
    }

    private mutating func string() throws(BencodeError) -> [UInt8] {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(try peek()) else { throw .malformed }
        let length = try integer(until: UInt8(ascii: ":"))
        guard length <= Int64(bytes.count - position) else { throw .truncated }
        let end = position + Int(length)
        defer { position = end }
        return Array(bytes[position..<end])
    }

    /// No leading zeros, no minus zero (BEP 3).
    private mutating func integer(until end: UInt8) throws(BencodeError) -> Int64 {
        var isNegative = false
        var digits = 0
        var value: Int64 = 0
        var startsWithZero = false
        while true {
            let next = try byte()
            if next == end { break }
            if next == UInt8(ascii: "-"), digits == 0, !isNegative {
                isNegative = true
                continue
            }
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(next), !startsWithZero else { throw .malformed }
            let digit = Int64(next - UInt8(ascii: "0"))
            startsWithZero = digits == 0 && digit == 0
            let (scaled, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carried) =
                isNegative ? scaled.subtractingReportingOverflow(digit) : scaled.addingReportingOverflow(digit)
            guard !overflow, !carried else { throw .malformed }
            value = sum
            digits += 1
        }
        guard digits > 0, !(isNegative && value == 0) else { throw .malformed }
        return value
    }

    private func peek() throws(BencodeError) -> UInt8 {
        guard position < bytes.count else { throw .truncated }
        return bytes[position]
    }

    private mutating func byte() throws(BencodeError) -> UInt8 {
        let next = try peek()
        position += 1
        return next
    }
}
