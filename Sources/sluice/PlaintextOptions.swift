import ArgumentParser
import Units

/// Plaintext only on loopback or when asked for by name (DESIGN.md section 9).
struct PlaintextOptions: ParsableArguments {
    @Flag(help: "No TLS and no access control, on loopback.")
    var plaintext = false
    @Flag(help: "No TLS and no access control, also on an address that other machines can reach.")
    var insecurePlaintext = false

    /// Whether TLS is off.
    var isPlaintext: Bool { consent != .none }

    /// What the flags say.
    var consent: PlaintextConsent { insecurePlaintext ? .anywhere : plaintext ? .loopback : .none }

    /// Throws where plaintext was asked for at a place that other machines can reach, but not by its full name.
    func check(_ place: HostPort) throws { try consent.check(place) }
}
