/// Says when a certificate is renewed: after two thirds of its life, and where that fails again and again until its end.
/// Times are seconds since 1970.
struct CertificateRenewal: Hashable, Sendable {
    /// Between two tries, at least and at most, in seconds.
    static let retryRange: ClosedRange<Int64> = 1...300

    let notAfter: Int64

    /// Whether two thirds of its life, which began when it was issued, are over. `spread`, 0 to 1 and each node's own, takes
    /// off up to a twentieth of its life, so that nodes which enrolled together do not all renew together.
    func isDue(at now: Int64, issuedAt: Int64, spread: Double) -> Bool {
        let life = max(notAfter - issuedAt, 0)
        return now >= issuedAt + life * 2 / 3 - Int64(Double(life) * spread / 20)
    }

    /// Whether nobody takes it any more.
    func hasEnded(at now: Int64) -> Bool { now >= notAfter }

    /// How long to wait after a try that failed: a twentieth of what is left, so that tries become denser.
    func retryDelay(at now: Int64) -> Int64 {
        min(max((notAfter - now) / 20, Self.retryRange.lowerBound), Self.retryRange.upperBound)
    }
}
