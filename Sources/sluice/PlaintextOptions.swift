import ArgumentParser
import Units

/// Plaintext only on loopback or when asked for by name (DESIGN.md section 9).
struct PlaintextOptions: ParsableArguments {
    @Flag(help: "Allow plaintext on an address other machines can reach.")
    var insecurePlaintext = false

    func check(_ listen: HostPort) throws {
        guard listen.isLoopback || insecurePlaintext else {
            throw UserError(
                .failedPrecondition,
                "\(listen.host) can be reached by other machines, and this build of the control plane is plaintext",
                hint: "Listen on 127.0.0.1, or allow it with --insecure-plaintext."
            )
        }
    }
}
