package import Units

/// Sizes and durations as people write them, the same for every flag of every command.
package enum HumanUnits {
    /// Ten thousand years: what a duration of protobuf may say.
    package static let longest = Duration.seconds(315_576_000_000)

    private static let sizes: [(unit: String, bytes: Double)] = [
        ("KiB", 1024), ("MiB", 1_048_576), ("GiB", 1_073_741_824), ("TiB", 1_099_511_627_776),
        ("kB", 1e3), ("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12), ("B", 1), ("", 1),
    ]
    private static let spans: [(unit: String, seconds: Double)] = [
        ("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86_400),
    ]

    /// `64MiB`, `1.5GB`, `10MB/s`, `4096`.
    package static func bytes(_ text: String, _ flag: String) throws(UserError) -> UInt64 {
        let bare = text.hasSuffix("/s") ? text.dropLast(2) : text[...]
        let digits = bare.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let unit = bare.dropFirst(digits.count)
        if unit.isEmpty, let whole = UInt64(digits) { return whole }
        guard let size = sizes.first(where: { $0.unit == unit }), let number = Double(digits),
            let bytes = UInt64(exactly: (number * size.bytes).rounded())
        else { throw UserError(.invalidArgument, "\(flag) is a size such as 4096, 64MiB or 1.5GB, not \(text)") }
        return bytes
    }

    /// `30s`, `1m30s`, `500ms`, `2d`; at most `longest`.
    package static func duration(_ text: String, _ flag: String) throws(UserError) -> Duration {
        let wrong = UserError(.invalidArgument, "\(flag) is a duration such as 30s, 1m30s or 500ms, not \(text)")
        let tooLong = UserError(.invalidArgument, "\(flag) is at most 315576000000s, ten thousand years, not \(text)")
        var rest = text[...]
        var total = Duration.zero
        guard !rest.isEmpty else { throw wrong }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard let span = spans.first(where: { $0.unit == unit }), let number = Double(digits) else { throw wrong }
            // So many microseconds are a whole number of 64 bits.
            let seconds = number * span.seconds
            guard seconds <= longest / .seconds(1) else { throw tooLong }
            total += .microseconds(Int64((seconds * 1e6).rounded()))
            guard total <= longest else { throw tooLong }
        }
        return total
    }
}
