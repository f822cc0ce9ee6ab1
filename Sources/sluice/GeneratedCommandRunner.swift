import Program
import RPC
import SluiceAPI
import Units

/// Runs `sluice NOUN VERB …` as the protos describe it.
enum GeneratedCommandRunner {
    static func run(_ arguments: [String]) async throws {
        switch try parse(arguments) {
        case .help(let text): Terminal.write(text)
        case .command(let parsed): try await run(parsed)
        }
    }

    private static func parse(_ arguments: [String]) throws -> CommandLineParser.Outcome {
        let parser = CommandLineParser { path throws(UserError) in
            do {
                return try FileContent.read(path, atMost: .mebibytes(16))
            } catch let error as UserError {
                throw error
            } catch {
                throw UserError(.notFound, "\(path) cannot be read")
            }
        }
        do throws(UserError) {
            return try parser.parse(arguments)
        } catch {
            guard error.code == .invalidArgument else { throw error }
            ExitCodes.misuse(error)
        }
    }

    private static func run(_ parsed: ParsedCommand) async throws {
        let server = parsed.server.map { text in HostPort(argument: text) }
        if case .some(.none) = server { ExitCodes.misuse(UserError(.invalidArgument, "--server is HOST:PORT")) }
        let place = try ControlPlace.find(
            server: server ?? nil,
            context: parsed.context,
            plaintext: parsed.isInsecurePlaintext ? .anywhere : parsed.isPlaintext ? .loopback : .none
        )
        let client = try await place.connect()
        let printer = AnswerPrinter(parsed.output, columns: parsed.command.columns, chosen: parsed.columns)
        var last: JSONValue?
        do {
            try await parsed.call.run(client, parsed.request) { answer in
                last = answer
                printer.show(answer)
            }
        } catch let error as ProtobufError {
            throw UserError(.invalidArgument, error.description)
        }
        guard let last, let ending = parsed.call.ending else { return }
        switch ending.outcome(of: last) {
        case .done: return
        case .failed(let sentence): throw UserError(.internal, sentence)
        case .cancelled(let sentence): throw UserError(.cancelled, sentence)
        case .cutOff(let sentence): throw UserError(.unavailable, sentence)
        }
    }
}
