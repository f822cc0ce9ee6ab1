/// The form of `grpc-message`: UTF-8 with every byte outside 0x20 to 0x7E, and `%`, as `%XX` (PROTOCOL-HTTP2). Spaces at its
/// ends too, which a header field must not have (RFC 9113 section 8.2.1).
package enum PercentEncoding {
    /// The header text for a message.
    package static func encode(_ message: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var text: [UInt8] = []
        let bytes = Array(message.utf8)
        for (index, byte) in bytes.enumerated() {
            let isOuterSpace = byte == UInt8(ascii: " ") && (index == 0 || index == bytes.count - 1)
            if (0x20...0x7E).contains(byte), byte != UInt8(ascii: "%"), !isOuterSpace {
                text.append(byte)
            } else {
                text += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Never fails: a broken escape stays as it is, and bytes that are not UTF-8 become U+FFFD.
    package static func decode(_ text: some StringProtocol) -> String {
        let source = Array(text.utf8)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(source.count)
        var index = 0
        while index < source.count {
            if source[index] == UInt8(ascii: "%"), index + 2 < source.count,
                let high = value(of: source[index + 1]), let low = value(of: source[index + 2])
            {
                bytes.append(high << 4 | low)
                index += 3
            } else {
                bytes.append(source[index])
                index += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - 48
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - 55
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - 87
        default: nil
        }
    }
}
