import ArgumentParser
import Node
import Program
import Units

/// `sluice relay`.
struct RelayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "relay",
        abstract: "Runs a relay: pulls from origins, serves HTTP/2, HTTP/1.1 and BitTorrent on one port."
    )

    @OptionGroup var node: NodeOptions
    @Option(help: "HOST:PORT for everything it serves; port 0 lets the kernel choose.")
    var listen = HostPort(host: "127.0.0.1", port: 7448)
    @Option(help: "A certificate chain in PEM: HTTPS on the same port.")
    var tlsCert: String?
    @Option(help: "Its private key in PEM.")
    var tlsKey: String?
    @Flag(
        help: ArgumentHelp(
            "Also serves files over HTTP without TLS, to everybody.",
            discussion: "Web seeds of its torrents need it. Without it, this machine alone gets files that way."
        )
    )
    var plainHttp = false
    @OptionGroup var security: PlaintextOptions
    @OptionGroup var limits: ConnectionLimitOptions

    func run() async throws {
        if tlsCert == nil { try security.check(listen) }
        guard (tlsCert == nil) == (tlsKey == nil) else {
            throw UserError(.invalidArgument, "--tls-cert and --tls-key go together")
        }
        let logger = RoleLogger.make("relay")
        var configuration = try node.configuration(listen: listen, security, limits)
        if plainHttp { configuration.servesPlainHTTP = true }
        configuration.tlsCertificatePath = tlsCert
        configuration.tlsKeyPath = tlsKey
        try await RoleRunner.run([RelayNode(configuration: configuration, logger: logger)], logger: logger)
    }
}
