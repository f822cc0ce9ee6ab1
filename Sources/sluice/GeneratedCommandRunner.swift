import Foundation
import Program
import RPC
import SluiceAPI
import Units

/// Runs `sluice NOUN VERB …` as the protos describe it.
enum GeneratedCommandRunner {
    static func run(_ arguments: [String]) async throws {
        let parser = CommandLineParser { path throws(UserError) in
            do {
                return try FileContent.read(path, atMost: .mebibytes(16))
            } catch let error as UserError {
                throw error
            } catch {
                throw UserError(.notFound, "\(path) cannot be read")
            }
        }
        switch try parser.parse(arguments) {
        case .help(let text): Terminal.write(text)
        case .command(let parsed):
            let place = try ControlPlace.find(
                server: parsed.server.map(ControlPlace.parsed),
                context: parsed.context,
                plaintext: parsed.isPlaintext ? .loopback : .none
            )
            let client = try await place.connect()
            let table = ResponseTable(
                columns: parsed.command.columns,
                chosen: parsed.columns,
                width: ProcessInfo.processInfo.environment["COLUMNS"].flatMap { Int($0) } ?? 120
            )
            let screen = LiveScreen()
            do {
                try await parsed.call.run(client, parsed.request) { response in
                    switch parsed.output {
                    case .json: Terminal.line(response.text)
                    case .yaml: Terminal.write("---\n" + response.yaml)
                    case .table: screen.show(table.text(response))
                    }
                }
            } catch let error as ProtobufError {
                throw UserError(.invalidArgument, error.description)
            }
        }
    }
}
