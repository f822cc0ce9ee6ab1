internal import Units

/// Whether a user asked for plaintext, and where (DESIGN.md section 9).
package enum PlaintextConsent: Hashable, Sendable {
    /// Nowhere: TLS.
    case none
    /// On loopback.
    case loopback
    /// Also where other machines can read it.
    case anywhere

    /// Throws where plaintext was asked for at a place that other machines can reach, but not by its full name.
    package func check(_ place: HostPort) throws {
        guard self == .loopback, !place.isLoopback else { return }
        throw UserError(
            .failedPrecondition,
            "\(place.host) is not loopback, and plaintext can be read and changed on its way",
            hint: "Use TLS, or allow it with --insecure-plaintext."
        )
    }
}
