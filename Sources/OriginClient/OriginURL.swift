/// An http or https URL in one strict form, so that what is checked is what libcurl connects to: no user names, no
/// fragment sent, no dot segments, ASCII only.
package struct OriginURL: Hashable, Sendable {
    /// `http` or `https`.
    package let scheme: String
    /// Lower case; an IPv6 address keeps its brackets.
    package let host: String
    /// Never 0.
    package let port: UInt16
    /// Begins with `/`.
    package let path: String
    /// With its `?`; empty when there is none.
    package let query: String

    /// Nil for anything that is not exactly such a URL.
    package init?(_ text: String) {
        guard text.utf8.count <= Limits.urlBytes, text.utf8.allSatisfy(Self.isPlain) else { return nil }
        let lowered = text.prefix(8).lowercased()
        let scheme = lowered.hasPrefix("https://") ? "https" : lowered.hasPrefix("http://") ? "http" : nil
        guard let scheme else { return nil }
        let rest = text.dropFirst(scheme.count + 3)
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        self.init(scheme: scheme, authority: rest[..<end], target: rest[end...])
    }

    private init?(scheme: String, authority: Substring, target: Substring) {
        let hostEnd: Substring.Index
        if authority.hasPrefix("[") {
            guard let bracket = authority.firstIndex(of: "]") else { return nil }
            hostEnd = authority.index(after: bracket)
            let inner = authority[authority.index(after: authority.startIndex)..<bracket]
            guard !inner.isEmpty, inner.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else { return nil }
        } else {
            hostEnd = authority.firstIndex(of: ":") ?? authority.endIndex
            let name = authority[..<hostEnd]
            guard !name.isEmpty, name.utf8.allSatisfy(Self.isNameCharacter) else { return nil }
        }
        let portText = authority[hostEnd...]
        if portText.isEmpty {
            port = scheme == "https" ? 443 : 80
        } else {
            guard portText.first == ":", let number = UInt16(portText.dropFirst()), number > 0 else { return nil }
            port = number
        }
        self.scheme = scheme
        host = authority[..<hostEnd].lowercased()
        let sent = target.prefix { $0 != "#" }
        let pathEnd = sent.firstIndex(of: "?") ?? sent.endIndex
        guard let path = Self.withoutDotSegments(String(sent[..<pathEnd])) else { return nil }
        self.path = path
        query = String(sent[pathEnd...])
    }

    /// What is given to libcurl.
    package var text: String { "\(scheme)://\(host):\(port)\(path)\(query)" }

    /// Where a Location field leads (RFC 3986 section 5.2); nil when that is no such URL.
    package func resolving(_ location: String) -> OriginURL? {
        let authority = "\(scheme)://\(host):\(port)"
        if location.contains("://"), let url = OriginURL(location) { return url }
        if location.hasPrefix("//") { return OriginURL("\(scheme):\(location)") }
        if location.hasPrefix("/") { return OriginURL(authority + location) }
        if location.hasPrefix("?") { return OriginURL(authority + path + location) }
        guard !location.isEmpty, !location.prefix(while: { !"/?#".contains($0) }).contains(":") else { return nil }
        let folder = path[...(path.lastIndex(of: "/") ?? path.startIndex)]
        return OriginURL(authority + folder + location)
    }

    func hasSameAuthority(as other: OriginURL) -> Bool {
        scheme == other.scheme && host == other.host && port == other.port
    }

    /// Whether this is the base itself or lies below it, by whole path segments.
    package func isBelow(_ base: OriginURL) -> Bool {
        guard hasSameAuthority(as: base) else { return false }
        return base.path.hasSuffix("/")
            ? path.hasPrefix(base.path) : path == base.path || path.hasPrefix(base.path + "/")
    }

    private static func isPlain(_ character: UInt8) -> Bool {
        (33...126).contains(character) && character != UInt8(ascii: "\\")
    }

    private static func isNameCharacter(_ character: UInt8) -> Bool {
        switch character {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): true
        default: false
        }
    }

    /// RFC 3986 section 5.2.4; nil for a dot segment in disguise, which some server would undo.
    private static func withoutDotSegments(_ path: String) -> String? {
        guard !path.isEmpty else { return "/" }
        var kept: [Substring] = []
        let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        for (index, segment) in segments.enumerated() {
            let plain = segment.lowercased().split(separator: "%2e", omittingEmptySubsequences: false)
                .joined(separator: ".")
            let isDotted = plain == "." || plain == ".."
            if isDotted, segment != plain { return nil }
            if plain == "..", !kept.isEmpty { kept.removeLast() }
            if !isDotted { kept.append(segment) } else if index == segments.count - 1 { kept.append("") }
        }
        return "/" + kept.joined(separator: "/")
    }
}
