internal import RPC

/// How tokens are written: a prefix that tells what they are, and base64url without padding (RFC 4648 section 5).
enum TokenEncoding {
    static func encode(_ bytes: [UInt8], prefix: String) -> String {
        prefix + Base64.encode(bytes).replacing("+", with: "-").replacing("/", with: "_")
    }

    /// Nil where the text is not exactly what `encode` makes of `count` bytes.
    static func decode(_ text: String, prefix: String, count: Int) -> [UInt8]? {
        guard text.hasPrefix(prefix), text.utf8.count <= prefix.utf8.count + count * 2 else { return nil }
        let digits = text.dropFirst(prefix.count).replacing("-", with: "+").replacing("_", with: "/")
        guard let bytes = Base64.decode(digits), bytes.count == count else { return nil }
        return encode(bytes, prefix: prefix) == text ? bytes : nil
    }

    static func random(_ count: Int, using generator: inout some RandomNumberGenerator) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
}
