import ArgumentParser

/// `HOST:PORT` of an IPv4 server as flags give it.
struct BenchAddress: ExpressibleByArgument, Sendable {
    let host: String
    let port: Int

    init?(argument: String) {
        let parts = argument.split(separator: ":")
        guard parts.count == 2, let port = Int(parts[1]), (1...65_535).contains(port) else { return nil }
        self.host = String(parts[0])
        self.port = port
    }

    var text: String { "\(host):\(port)" }
}
