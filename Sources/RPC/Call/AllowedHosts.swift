/// Which hosts a plaintext server answers under. Without TLS nothing else keeps a web page from giving its own name this
/// server's address (DNS rebinding) and calling it as a page of its own origin: so a name that is not known is refused.
package struct AllowedHosts: Sendable {
    /// Which addresses count, which no page can take for its name.
    package enum Addresses: Hashable, Sendable {
        case loopback, all
    }

    private let addresses: Addresses
    private let names: Set<String>

    /// Names beside `localhost` and what ends in `.localhost`.
    package init(addresses: Addresses, names: [String]) {
        self.addresses = addresses
        self.names = Set(names.map { Self.plain($0) })
    }

    /// Whether a request under this `Host` or `:authority` is answered. One without any is: no browser sends it.
    package func allows(_ authority: String) -> Bool {
        if authority.isEmpty { return true }
        guard let host = Self.host(of: authority) else { return false }
        if host == "localhost" || host.hasSuffix(".localhost") || names.contains(host) { return true }
        guard let isLoopback = Self.isLoopback(host) else { return false }
        return addresses == .all || isLoopback
    }

    /// The host without its port and brackets, in lower case; nil where it is none.
    private static func host(of authority: String) -> String? {
        var rest = authority[...]
        if let at = rest.firstIndex(of: "]"), rest.first == "[" {
            let behind = rest[rest.index(after: at)...]
            guard behind.isEmpty || behind.first == ":" && isPort(behind.dropFirst()) else { return nil }
            rest = rest[rest.index(after: rest.startIndex)..<at]
            guard rest.contains(":") else { return nil }
            return plain(String(rest))
        }
        // An IPv6 address may come without its brackets, and then has no port.
        if let colon = rest.firstIndex(of: ":"), colon == rest.lastIndex(of: ":") {
            guard isPort(rest[rest.index(after: colon)...]) else { return nil }
            rest = rest[..<colon]
        }
        return plain(String(rest))
    }

    private static func isPort(_ text: Substring) -> Bool { text.utf8.allSatisfy { (48...57).contains($0) } }

    private static func plain(_ name: String) -> String {
        let lowered = name.lowercased()
        return lowered.hasSuffix(".") ? String(lowered.dropLast()) : lowered
    }

    /// Whether a text is `localhost` or an address of loopback: a name that only looks like one is not.
    package static func isThisMachine(_ host: String) -> Bool {
        let host = plain(host)
        return host == "localhost" || isLoopback(host) ?? false
    }

    /// Whether an address is one of loopback; nil where the text is a name.
    private static func isLoopback(_ host: String) -> Bool? {
        if host.contains(":") {
            guard host.utf8.allSatisfy({ "0123456789abcdef:.%".utf8.contains($0) }) else { return nil }
            return host == "::1" || host.hasPrefix("::ffff:127.")
        }
        guard host.utf8.allSatisfy({ "0123456789.".utf8.contains($0) }) else { return nil }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, parts.allSatisfy({ !$0.isEmpty && $0.count <= 3 && UInt8($0) != nil }) else {
            return nil
        }
        return parts[0] == "127"
    }
}
