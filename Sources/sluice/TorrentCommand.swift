import ArgumentParser
import Program
import RPC
import SluiceAPI
import Units

/// `sluice torrent NAME -o FILE`.
struct TorrentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "torrent",
        abstract: "Writes the finished torrent of a distribution and prints its magnet link."
    )

    @OptionGroup var server: ServerOptions
    @Argument(help: "The distribution's name.")
    var name: String
    @Option(name: [.short, .customLong("out")], help: "Where to write the .torrent.")
    var out: String?

    @Flag(help: "Versions 1 and 2 (BEP 52) in one; aria2 1.36 and transmission 3.00 cannot read it.")
    var hybrid = false

    func run() async throws {
        let client = DistributionServiceClient(try await server.connect())
        var request = GetTorrentRequest()
        request.name = name
        request.version = hybrid ? .hybrid : .unspecified
        let answer = try await client.getTorrent(request)
        if let out { try FileContent.write(answer.torrent, to: out) }
        Terminal.line(PrintableText.escaped(answer.magnetLink))
    }
}
