/// The status and the fields of one response that matter here.
package struct ResponseHead: Hashable, Sendable {
    /// Three digits as they came; 0 before the status line and where that has none.
    package private(set) var status = 0
    private var fields: [String: String] = [:]
    private var byteCount = 0

    /// Before the first line.
    package init() {}

    /// The last value of a field; the name is in lower case.
    package subscript(_ name: String) -> String? { fields[name] }

    /// A line without its line end. A status line begins anew. False when the head is larger than allowed.
    package mutating func lineArrived(_ line: String) -> Bool {
        byteCount += line.utf8.count
        guard byteCount <= Limits.headBytes else { return false }
        if line.hasPrefix("HTTP/") {
            let parts = line.split(separator: " ")
            fields = [:]
            status = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        } else if let colon = line.firstIndex(of: ":") {
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            let end = value.lastIndex { $0 != " " && $0 != "\t" }.map { value.index(after: $0) } ?? value.endIndex
            fields[line[..<colon].lowercased()] = String(value[..<end])
        }
        return true
    }

    var contentLength: UInt64? { self["content-length"].flatMap { DecimalField.number($0) } }
    /// Content-Range; nil where there is none that makes sense.
    package var contentRange: ContentRange? { self["content-range"].flatMap { ContentRange($0) } }
    var isEncoded: Bool { self["content-encoding"].map { $0.lowercased() != "identity" && !$0.isEmpty } ?? false }
    var isRedirect: Bool { [301, 302, 303, 307, 308].contains(status) }

    /// Retry-After, as seconds or against the origin's own Date; at most a day.
    package var retryAfter: Duration? {
        guard let text = self["retry-after"] else { return nil }
        if let seconds = DecimalField.number(text) {
            return .seconds(min(Int64(clamping: seconds), Limits.retryAfterSeconds))
        }
        guard let then = HTTPDate.seconds(text), let now = self["date"].flatMap(HTTPDate.seconds) else { return nil }
        return .seconds(min(max(then - now, 0), Limits.retryAfterSeconds))
    }
}
