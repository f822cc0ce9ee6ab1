internal import ArgumentParser
internal import RPC
internal import Units

/// `HOST:PORT` as flags give it; an IPv6 address stands in brackets. Port 0 lets the kernel choose.
package struct HostPort: ExpressibleByArgument, Hashable, Sendable, CustomStringConvertible {
    package let host: String
    package let port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    package init?(argument: String) {
        guard let colon = argument.lastIndex(of: ":"), let port = Int(argument[argument.index(after: colon)...]) else {
            return nil
        }
        var host = String(argument[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard !host.isEmpty, (0...65_535).contains(port) else { return nil }
        self.host = host
        self.port = port
    }

    /// As it is written in a URL.
    package var description: String { URLAuthority.text(host, port) }

    /// Plaintext is for loopback, unless it is asked for by name.
    package var isLoopback: Bool { AllowedHosts.isThisMachine(host) }
}
