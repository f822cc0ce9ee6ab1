/// Percent-encoding of one path segment (RFC 3986 section 3.3).
enum PercentEncodedPath {
    static func segment(_ text: String) -> String {
        let kept = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
        var encoded = ""
        let digits = Array("0123456789ABCDEF")
        for byte in text.utf8 {
            if kept.contains(byte) {
                encoded.append(Character(UnicodeScalar(byte)))
            } else {
                encoded += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
        return encoded
    }
}
