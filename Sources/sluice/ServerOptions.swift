import ArgumentParser
import Program
import RPC
import Units

/// Where control is.
struct ServerOptions: ParsableArguments {
    @Option(help: "Control's address, HOST:PORT. Also from SLUICE_SERVER; else as the context has it.")
    var server: HostPort?
    @Option(help: "Another context than the current one. Also from SLUICE_CONTEXT.")
    var context: String?
    @OptionGroup var security: PlaintextOptions

    /// The place, as flags, environment and context say.
    func place() throws -> ControlPlace {
        try ControlPlace.find(server: server, context: context, plaintext: security.consent)
    }

    /// Connects, or says that control cannot be reached.
    func connect() async throws -> RPCClient { try await place().connect() }
}
