/// Reads the query of a URL (WHATWG form encoding).
enum HTTPQuery {
    /// Names and values in order; throws where it is too long or holds what is not UTF-8.
    static func parse(_ text: Substring, limits: WebLimits) throws(RPCError) -> [(name: String, value: String)] {
        guard text.utf8.count <= limits.maximumQueryBytes else {
            throw RPCError(.invalidArgument, "a query longer than \(limits.maximumQueryBytes) bytes")
        }
        let parts = text.split(separator: "&")
        guard parts.count <= limits.maximumParameters else {
            throw RPCError(.invalidArgument, "more than \(limits.maximumParameters) parameters")
        }
        var pairs: [(String, String)] = []
        for part in parts {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = try decode(sides[0], plusIsSpace: true)
            pairs.append((name, sides.count == 2 ? try decode(sides[1], plusIsSpace: true) : ""))
        }
        return pairs
    }

    /// Takes percent escapes out of a part of a URL; strict, for a name that was meant otherwise must not be found.
    static func decode(_ text: Substring, plusIsSpace: Bool) throws(RPCError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                    throw RPCError(.invalidArgument, "a broken percent escape in the URL")
                }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        guard let decoded = String(validating: bytes, as: UTF8.self), !decoded.utf8.contains(0) else {
            throw RPCError(.invalidArgument, "the URL holds what is not UTF-8")
        }
        return decoded
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - 48
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - 55
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - 87
        default: nil
        }
    }
}
