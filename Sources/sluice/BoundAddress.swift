import Program

/// Where a server of this process listens.
struct BoundAddress: Sendable {
    let host: String
    let port: Int

    /// Where this machine reaches it.
    var reachable: HostPort {
        HostPort(host: host == "0.0.0.0" ? "127.0.0.1" : host == "::" ? "::1" : host, port: port)
    }
}
