internal import RPC
internal import SluiceAPI
internal import Transport
internal import Units

/// The authorities that are trusted at a time: one signs, and there may be a second while the fleet goes over from one to
/// the other. A value without I/O; `ControlAuthority` keeps it.
///
/// | second | created | other activated | second deleted | first deleted |
/// | --- | --- | --- | --- | --- |
/// | none | next | refused | refused | refused |
/// | next | refused | it signs, the first retires | none | refused |
/// | retiring | refused | it signs again, the first retires | none | refused |
struct AuthoritySet: Sendable {
    /// What there is beside the one that signs.
    enum Second: Sendable {
        case none
        /// Has signed nothing yet.
        case next(CertificateAuthority)
        /// Has signed what is still in use. `link` is its signature of the active one's key.
        case retiring(CertificateAuthority, link: Certificate)
    }

    let active: CertificateAuthority
    let second: Second
    /// The certificates of both, the active one first.
    let trusted: CertificateBundle
    /// The same in PEM.
    let text: String

    init(active: CertificateAuthority, second: Second = .none) throws(TransportError) {
        self.active = active
        self.second = second
        switch second {
        case .none: trusted = CertificateBundle(active.certificate)
        case .next(let other), .retiring(let other, _):
            trusted = CertificateBundle(active.certificate, [other.certificate])
        }
        text = try trusted.pem
    }

    var all: [CertificateAuthority] { [active] + (other.map { [$0] } ?? []) }

    var other: CertificateAuthority? {
        switch second {
        case .none: nil
        case .next(let other), .retiring(let other, _): other
        }
    }

    /// What goes with a certificate by the active one, for those who trust but the one before.
    var chain: [Certificate] {
        if case .retiring(_, let link) = second { [link] } else { [] }
    }

    func authority(fingerprint: [UInt8]?) -> CertificateAuthority? {
        all.first { $0.certificate.fingerprint == fingerprint }
    }

    /// What an authority is called: `ca-` and the first 16 digits of its fingerprint.
    static func name(of fingerprint: [UInt8]) -> String { "ca-" + Hexadecimal.encode(fingerprint.prefix(8)) }

    static func name(of authority: CertificateAuthority) -> String { name(of: authority.certificate.fingerprint) }

    /// The authority of a name.
    func named(_ name: String) throws(UserError) -> CertificateAuthority {
        guard let found = all.first(where: { Self.name(of: $0) == name }) else {
            throw UserError(
                .notFound,
                "no authority is named \(name)",
                hint: "`sluice authorities list` shows which there are."
            )
        }
        return found
    }

    func state(of authority: CertificateAuthority) -> AuthorityState {
        guard authority.certificate.fingerprint != active.certificate.fingerprint else { return .active }
        if case .retiring = second { return .retiring }
        return .next
    }

    // MARK: Changes

    /// A second one that has signed nothing yet; refused while there are two.
    func adding(_ next: CertificateAuthority) throws -> AuthoritySet {
        if let other {
            throw UserError(
                .failedPrecondition,
                "there are two authorities already",
                hint: "Delete one first: sluice authorities delete \(Self.name(of: other))"
            )
        }
        return try AuthoritySet(active: active, second: .next(next))
    }

    /// The authority of this name signs; the one that did retires, and vouches for it.
    func activating(_ name: String, now: Int64) throws -> AuthoritySet {
        let wanted = try named(name)
        guard state(of: wanted) != .active else { return self }
        return try AuthoritySet(
            active: wanted,
            second: .retiring(active, link: try active.link(to: wanted, now: now))
        )
    }

    /// Without the authority of this name, which must not be the one that signs.
    func deleting(_ name: String) throws -> AuthoritySet {
        let unwanted = try named(name)
        guard state(of: unwanted) != .active else {
            throw UserError(
                .failedPrecondition,
                "\(name) is the active authority",
                hint: other.map { "Activate the other one first: sluice authorities activate \(Self.name(of: $0))" }
                    ?? "There is no other: make one with `sluice authorities create`, and activate it first."
            )
        }
        return try AuthoritySet(active: active)
    }

    // MARK: As kept

    /// Keys and certificates: the active one's first, behind it what leads to it from the other.
    var file: AuthorityFile {
        AuthorityFile(
            keys: all.map(\.key),
            certificates: [active.certificate] + chain + all.dropFirst().map(\.certificate)
        )
    }

    /// As read. A single key may have its certificate elsewhere: among `others`.
    init(_ file: AuthorityFile, others: [Certificate]) throws(TransportError) {
        guard let first = file.keys.first, file.keys.count <= 2 else {
            throw TransportError(.tls, "there have to be one or two keys")
        }
        let certificates = file.certificates + others
        func authority(_ key: PrivateKey) throws(TransportError) -> CertificateAuthority {
            let own = certificates.filter { $0.keyFingerprint == key.fingerprint }
            guard let certificate = own.first(where: \.isSelfSigned) ?? own.first else {
                throw TransportError(.tls, "the authority's key does not belong to its certificate")
            }
            return try CertificateAuthority(certificate: certificate, key: key)
        }
        let active = try authority(first)
        guard file.keys.count == 2 else {
            try self.init(active: active)
            return
        }
        let other = try authority(file.keys[1])
        // A link is there exactly where the other was active before.
        let link = certificates.first {
            $0.keyFingerprint == first.fingerprint && !$0.isSelfSigned && $0.isSigned(by: other.certificate)
        }
        try self.init(active: active, second: link.map { .retiring(other, link: $0) } ?? .next(other))
    }
}
