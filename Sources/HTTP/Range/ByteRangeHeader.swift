package import Units

/// The Range header (RFC 9110 section 14): one byte range is served, several are answered with the whole.
package enum ByteRangeHeader: Hashable, Sendable {
    case whole
    case part(ByteRange)
    case unsatisfiable

    /// What to serve of content of this size; an `If-Range` that does not match means the whole (section 13.1.5).
    package static func resolve(
        range: String?,
        ifRange: String?,
        entityTag: String,
        lastModified: String,
        size: ByteCount
    ) -> ByteRangeHeader {
        guard let range else { return .whole }
        if let ifRange, ifRange != entityTag, lastModified.isEmpty || ifRange != lastModified { return .whole }
        return parse(range, size: size)
    }

    /// A header that is not understood is ignored, as the RFC has it.
    package static func parse(_ text: String, size: ByteCount) -> ByteRangeHeader {
        guard text.utf8.count <= 128, text.lowercased().hasPrefix("bytes=") else { return .whole }
        let set = text.dropFirst(6)
        guard !set.contains(",") else { return .whole }
        let parts = set.trimmed.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map(\.trimmed)
        guard parts.count == 2 else { return .whole }
        let total = size.rawValue
        if parts[0].isEmpty {
            guard let suffix = number(parts[1]) else { return .whole }
            guard suffix > 0, total > 0 else { return .unsatisfiable }
            return .part(ByteRange(start: total - min(suffix, total), end: total))
        }
        guard let first = number(parts[0]) else { return .whole }
        if parts[1].isEmpty {
            return first < total ? .part(ByteRange(start: first, end: total)) : .unsatisfiable
        }
        guard let last = number(parts[1]), first <= last else { return .whole }
        guard first < total else { return .unsatisfiable }
        return .part(ByteRange(start: first, end: min(last, total - 1) + 1))
    }

    /// Digits alone; a number too large counts as the largest.
    private static func number(_ text: Substring) -> UInt64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return UInt64(text) ?? .max - 1
    }
}

extension Substring {
    /// Without the spaces and tabs around it.
    fileprivate var trimmed: Substring {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        var text = drop(while: isSpace)
        while let last = text.last, isSpace(last) { text.removeLast() }
        return text
    }
}
