import ArgumentParser
import Foundation
import RPC
import SluiceAPI
import Units

/// `sluice push URL --to label=value [--watch]`.
struct PushCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push",
        abstract: "Sends a file at a registered origin to agents.",
        discussion: "Example: sluice push https://files.example/build.img --to site=berlin --watch"
    )

    @OptionGroup var server: ServerOptions
    @Argument(help: "The file's URL, below a registered origin.")
    var url: String
    @Option(name: .long, help: "Agents that have all these labels, key=value; repeat for more.")
    var to: [LabelArgument] = []
    @Option(name: .customLong("to-node"), help: "An agent by name; repeat for more.")
    var toNode: [String] = []
    @Flag(help: "Follow it to its end, with live progress.")
    var watch = false
    @Option(help: "The file's name at the agents; the last part of the URL by default.")
    var fileName: String?
    @Option(help: "The size in bytes; checked against the origin.")
    var size: UInt64?
    @Option(help: "The SHA-256 of the whole file in hexadecimal; checked at the end.")
    var sha256: String?
    @Option(help: "A label of your own for this content, such as a version.")
    var version: String?
    @Option(help: "The publisher's .torrent: hashes known up front.")
    var torrent: String?
    @Option(help: "The piece length in bytes, a power of two from 64 KiB to 16 MiB; by size by default.")
    var pieceLength: UInt32?
    @Option(help: "How many relays to use; all that are fit by default.")
    var relays: UInt32?
    @Option(help: "1 to 1000; higher goes first at the origin.")
    var priority: UInt32?
    @Option(help: "Bytes per second one agent may receive; no limit by default.")
    var maxRate: UInt64?
    @Option(help: "Assist over HTTP when BitTorrent stays below this many bytes per second; 1000000 by default.")
    var assistBelow: UInt64?
    @Option(help: "For this long, such as 30s.")
    var assistAfter: DurationArgument?
    @Flag(help: "No HTTP assist at all.")
    var noAssist = false
    @Flag(help: "No BitTorrent: everything over HTTP.")
    var noBittorrent = false
    @Flag(help: "Agents take assist from the origin, under leases, and not from relays.")
    var assistFromOriginOnly = false
    @Flag(help: "Check everything and create nothing.")
    var dryRun = false
    @Option(help: "text or json.")
    var output: OutputFormat = .text

    func run() async throws {
        let client = DistributionServiceClient(try await server.connect())
        var request = CreateDistributionRequest()
        request.distribution = try order()
        request.validateOnly = dryRun
        guard let created = try await client.createDistribution(request).distribution else {
            throw UserError(.internal, "control created nothing and said nothing")
        }
        switch output {
        case .json: Terminal.line(created.json.text)
        case .text where dryRun: Terminal.line("\(created.fileName) can be sent; nothing was created")
        case .text: Terminal.line("\(created.name): \(created.fileName), \(ByteCount(created.size))")
        }
        if watch, !dryRun {
            try await DistributionWatch.follow(created.name, with: client, showProgress: output == .text)
        }
    }

    private func order() throws -> Distribution {
        var distribution = Distribution()
        distribution.sourceUrl = url
        distribution.fileName = fileName ?? ""
        distribution.size = size ?? 0
        distribution.sha256 = sha256 ?? ""
        distribution.version = version ?? ""
        distribution.targetLabels = to.map(\.label)
        distribution.targetNodes = toNode
        var config = DistributionConfig()
        config.pieceLength = pieceLength ?? 0
        config.relayCount = relays ?? 0
        config.priority = priority ?? 0
        config.maxAgentBytesPerSecond = maxRate ?? 0
        config.assistBelowBytesPerSecond = assistBelow ?? 0
        config.assistAfter = assistAfter.map { ProtoDuration($0.duration) }
        config.assistDisabled = noAssist
        config.bittorrentDisabled = noBittorrent
        config.assistFromOriginOnly = assistFromOriginOnly
        if let torrent { config.torrent = try FileContent.read(torrent, atMost: .mebibytes(16)) }
        distribution.config = config
        return distribution
    }
}
