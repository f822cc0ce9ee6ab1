import ArgumentParser
import Foundation
import Program
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
    @Flag(help: "Follow it to its end, with live progress; the exit code is not 0 where it fails or is cancelled.")
    var watch = false
    @Option(help: "The file's name at the agents; the last part of the URL by default.")
    var fileName: String?
    @Option(help: "The size, such as 4096 or 1.5GB; checked against the origin.")
    var size: SizeArgument?
    @Option(help: "The SHA-256 of the whole file in hexadecimal; checked at the end.")
    var sha256: String?
    @Option(help: "A label of your own for this content, such as a version.")
    var version: String?
    @Option(help: "The publisher's .torrent: hashes known up front.")
    var torrent: String?
    @Option(help: "The piece length, a power of two from 64KiB to 16MiB; by size by default.")
    var pieceLength: SizeArgument?
    @Option(help: "How many relays to use; all that are fit by default.")
    var relays: UInt32?
    @Option(help: "1 to 1000; higher goes first at the origin.")
    var priority: UInt32?
    @Option(help: "Bytes per second one agent may receive, such as 10MB/s; no limit by default.")
    var maxRate: SizeArgument?
    @Option(help: "Assist over HTTP when BitTorrent stays below this many bytes per second; 1MB/s by default.")
    var assistBelow: SizeArgument?
    @Option(help: "For this long, such as 30s.")
    var assistAfter: DurationArgument?
    @Option(help: "Promised to each agent, bytes per second: HTTP fills up to it.")
    var minimumRate: SizeArgument?
    @Option(help: "Bytes per second one agent may send to its peers; no limit by default.")
    var maxUpload: SizeArgument?
    @Option(help: "How long it should take, such as 10m; forecast from history by default.")
    var expect: DurationArgument?
    @Option(help: "A JSON file with a DistributionConfig, such as time windows; further options are put over it.")
    var config: String?
    @Flag(help: "No HTTP assist at all.")
    var noAssist = false
    @Flag(help: "No BitTorrent: everything over HTTP.")
    var noBittorrent = false
    @Flag(help: "Agents take assist from the origin, under leases, and not from relays.")
    var assistFromOriginOnly = false
    @Flag(help: "Check everything and create nothing.")
    var dryRun = false
    @Option(name: .shortAndLong, help: "text, json or yaml.")
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
        case .json: AnswerPrinter(.json).show(created.json)
        case .yaml: AnswerPrinter(.yaml).show(created.json)
        case .text:
            let file = PrintableText.escaped(created.fileName)
            Terminal.line(
                dryRun
                    ? "\(file) can be sent; nothing was created"
                    : "\(PrintableText.escaped(created.name)): \(file), \(ByteCount(created.size))"
            )
        }
        if watch, !dryRun {
            try await DistributionWatch.follow(created.name, with: client, showProgress: output == .text)
        }
    }

    private func order() throws -> Distribution {
        var distribution = Distribution()
        distribution.sourceUrl = url
        distribution.fileName = fileName ?? ""
        distribution.size = size?.bytes.rawValue ?? 0
        distribution.sha256 = sha256 ?? ""
        distribution.version = version ?? ""
        distribution.targetLabels = to.map(\.label)
        distribution.targetNodes = toNode
        var config = try startingConfig()
        if let pieceLength {
            guard let length = UInt32(exactly: pieceLength.bytes.rawValue) else {
                throw UserError(.invalidArgument, "--piece-length is a power of two from 64KiB to 16MiB")
            }
            config.pieceLength = length
        }
        if let relays { config.relayCount = relays }
        if let priority { config.priority = priority }
        if let maxRate { config.maxAgentBytesPerSecond = maxRate.bytes.rawValue }
        if let maxUpload { config.maxAgentUploadBytesPerSecond = maxUpload.bytes.rawValue }
        if let minimumRate { config.minimumBytesPerSecond = minimumRate.bytes.rawValue }
        if let assistBelow { config.assistBelowBytesPerSecond = assistBelow.bytes.rawValue }
        if let assistAfter { config.assistAfter = ProtoDuration(assistAfter.duration) }
        if let expect { config.expectedDuration = ProtoDuration(expect.duration) }
        config.assistDisabled = config.assistDisabled || noAssist
        config.bittorrentDisabled = config.bittorrentDisabled || noBittorrent
        config.assistFromOriginOnly = config.assistFromOriginOnly || assistFromOriginOnly
        if let torrent { config.torrent = try FileContent.read(torrent, atMost: .mebibytes(16)) }
        distribution.config = config
        return distribution
    }

    private func startingConfig() throws -> DistributionConfig {
        guard let config else { return DistributionConfig() }
        let bytes = try FileContent.read(config, atMost: .mebibytes(1))
        do {
            return try DistributionConfig(json: JSONParser.parse(bytes))
        } catch {
            throw UserError(.invalidArgument, "\(config) is not the JSON of a DistributionConfig: \(error)")
        }
    }
}
