internal import Units

/// A file name that stays in its folder on every file system (DESIGN.md section 9).
enum FileNameRule {
    /// Longest name in bytes, as ext4, XFS and NTFS have it.
    static let maximumLength = 255

    /// The name to use: the one asked for, or the last segment of the URL's path, percent-decoded.
    static func name(asked: String, url: String) throws(UserError) -> String {
        let name = asked.isEmpty ? lastSegment(of: url) : asked
        guard isSafe(name) else {
            throw UserError(
                .invalidArgument,
                "“\(name.filter { !$0.isNewline })” is not a safe file name",
                hint: "Give one with --file-name: no slashes, not . or .., no control characters, at most 255 bytes."
            )
        }
        return name
    }

    static func isSafe(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        guard (1...maximumLength).contains(bytes.count), name != ".", name != ".." else { return false }
        return !bytes.contains { $0 < 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }
    }

    private static func lastSegment(of url: String) -> String {
        let path = url.prefix { $0 != "?" && $0 != "#" }
        return percentDecoded(String(path.split(separator: "/", omittingEmptySubsequences: false).last ?? ""))
    }

    /// Bytes behind `%` escapes; a broken escape or bytes that are not UTF-8 leave the text as it is.
    private static func percentDecoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = Substring(text)
        while let first = rest.first {
            if first == "%", let decoded = Hexadecimal.decode(String(rest.dropFirst().prefix(2))), decoded.count == 1 {
                bytes += decoded
                rest = rest.dropFirst(3)
            } else {
                bytes += Array(String(first).utf8)
                rest = rest.dropFirst()
            }
        }
        return String(validating: bytes, as: UTF8.self) ?? text
    }
}
