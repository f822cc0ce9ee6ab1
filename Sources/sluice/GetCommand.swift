import ArgumentParser
import Foundation
import Logging
import Node
import Program
import RPC
import SluiceAPI
import Units

/// `sluice get URL -o FILE`.
struct GetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Downloads a file on this machine without an installed agent.",
        discussion: """
            Through control it uses relays and peers. With --direct it takes the file from its URL alone, tries again what \
            may pass by itself, and goes on from where another run broke off; give --sha256 to have the content checked.
            """
    )

    @OptionGroup var server: ServerOptions
    @Argument(help: "The file's URL, below a registered origin unless --direct is given.")
    var url: String
    @Option(name: [.short, .customLong("out")], help: "Where to write the file.")
    var out: String
    @Option(help: "The SHA-256 of the whole file in hexadecimal; checked at the end.")
    var sha256: String?
    @Flag(help: "Straight from the URL, without control.")
    var direct = false
    @Option(help: "How many connections with --direct, 1 to 16.")
    var connections = 4

    func validate() throws {
        guard (1...16).contains(connections) else { throw ValidationError("--connections is 1 to 16") }
        let isDigest = sha256?.count == 64 && sha256?.allSatisfy { $0.isASCII && $0.isHexDigit } ?? false
        guard sha256 == nil || isDigest else { throw ValidationError("--sha256 is 64 hexadecimal digits") }
    }

    func run() async throws {
        let target = URL(fileURLWithPath: out)
        if direct {
            let download = DirectDownload(url: url, path: target.path, connections: connections)
            let bar = Terminal.isInteractive ? DownloadBar(name: target.lastPathComponent) : nil
            try await download.run(expecting: sha256, logger: RoleLogger.make("get", level: .notice)) { done, size in
                bar?.show(done, of: size)
            }
            return
        }
        let control = try server.place()
        let client = DistributionServiceClient(try await control.connect())
        let scratch = target.deletingLastPathComponent()
            .appendingPathComponent(".\(target.lastPathComponent).sluice-\(UUID().uuidString.lowercased())")
        defer { try? FileManager.default.removeItem(at: scratch) }
        var generator = SystemRandomNumberGenerator()
        let name = NodeID(prefix: "get", using: &generator)
        var configuration = NodeConfiguration(
            controlHost: control.server.host,
            controlPort: control.server.port,
            dataDirectory: scratch.path,
            host: "127.0.0.1",
            port: 0
        )
        configuration.name = name
        if control.authority != nil {
            configuration.security = .enrolled(joinToken: try await control.joinToken(for: .agent))
        }
        configuration.version = SluiceVersion.text
        let (connected, announce) = AsyncStream.makeStream(of: Void.self)
        configuration.whenConnected = { announce.yield() }
        let agent = AgentNode(
            configuration: configuration,
            destination: target.deletingLastPathComponent().path,
            logger: RoleLogger.make("get", level: .notice)
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await agent.run() }
            group.addTask {
                for await _ in connected { break }
                try await order(to: name, as: target.lastPathComponent, with: client)
            }
            try await group.next()
            group.cancelAll()
        }
    }

    private func order(to node: NodeID, as fileName: String, with client: DistributionServiceClient) async throws {
        var distribution = Distribution()
        distribution.sourceUrl = url
        distribution.fileName = fileName
        distribution.sha256 = sha256 ?? ""
        distribution.targetNodes = [node.text]
        var request = CreateDistributionRequest()
        request.distribution = distribution
        guard let created = try await client.createDistribution(request).distribution else {
            throw UserError(.internal, "control created nothing and said nothing")
        }
        try await DistributionWatch.follow(created.name, with: client, showProgress: Terminal.isInteractive)
    }
}
