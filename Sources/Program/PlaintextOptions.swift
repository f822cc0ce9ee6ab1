internal import ArgumentParser
internal import Units

/// Plaintext only on loopback or when asked for by name (DESIGN.md section 9).
package struct PlaintextOptions: ParsableArguments {
    package init() {}

    @Flag(help: "No TLS and no access control, on loopback.")
    package var plaintext = false
    @Flag(help: "No TLS and no access control, also on an address that other machines can reach.")
    package var insecurePlaintext = false

    /// Whether TLS is off.
    package var isPlaintext: Bool { consent != .none }

    /// What the flags say.
    package var consent: PlaintextConsent { insecurePlaintext ? .anywhere : plaintext ? .loopback : .none }

    /// Throws where plaintext was asked for at a place that other machines can reach, but not by its full name.
    package func check(_ place: HostPort) throws { try consent.check(place) }
}
