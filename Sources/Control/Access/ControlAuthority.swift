internal import NIOCore
internal import Synchronization
internal import Transport
internal import Units

/// Control's own certificate authorities, and its certificate as a server, kept in its data folder.
///
/// `ca.key` holds one key as long as nothing was rotated, and `ca.crt` its certificate. From then on `ca.key` alone says
/// what there is (`AuthorityFile`), so that one rename makes a change; `ca.crt` is what others are to trust, and is made anew
/// where it is behind. `server.crt` and `server.key` are made anew where they are not by the active authority.
final class ControlAuthority: Sendable {
    /// How long the server's certificate is good; it is made anew on a start in its last month.
    static let serverLifetime: Int64 = 397 * 86_400
    static let renewalMargin: Int64 = 30 * 86_400

    private let folder: String
    private let state: Mutex<AuthoritySet>

    /// The authorities of the moment.
    var authorities: AuthoritySet { state.withLock(\.self) }

    private init(folder: String, _ authorities: AuthoritySet) {
        self.folder = folder
        self.state = Mutex(authorities)
    }

    /// Reads the authorities, or makes the first; `now` in seconds since 1970.
    static func open(in folder: String, now: Int64) throws(UserError) -> ControlAuthority {
        let (certificatePath, keyPath) = ("\(folder)/ca.crt", "\(folder)/ca.key")
        do {
            let (certificate, key) = (try SecretFile.read(certificatePath), try SecretFile.read(keyPath))
            if let certificate, let key {
                let shown = try CertificateBundle(pem: certificate)
                let file = try AuthorityFile(pem: key)
                let authorities = try AuthoritySet(file, others: shown.certificates)
                if !file.certificates.isEmpty, shown.fingerprints != authorities.trusted.fingerprints {
                    try SecretFile.write(authorities.text, to: certificatePath)
                }
                return ControlAuthority(folder: folder, authorities)
            }
            guard certificate == nil, key == nil else {
                let (missing, there) = certificate == nil ? (certificatePath, keyPath) : (keyPath, certificatePath)
                throw UserError(
                    .dataLoss,
                    "\(missing) is missing beside \(there)",
                    hint:
                        "Put it back, or remove the other to begin with a new authority: every node has to enroll again."
                )
            }
            let made = try CertificateAuthority.make(commonName: "Sluice control", now: now)
            try SecretFile.write(made.key.pem, to: keyPath)
            try SecretFile.write(made.certificate.pem, to: certificatePath)
            return ControlAuthority(folder: folder, try AuthoritySet(active: made))
        } catch let error as UserError {
            throw error
        } catch {
            throw UserError(.dataLoss, "the certificate authority in \(folder) cannot be used: \(error)")
        }
    }

    /// Keeps changed authorities: on disk first, where the new `ca.key` is the change itself. False where `ca.crt` is behind,
    /// which the next start mends.
    func keep(_ authorities: AuthoritySet) throws -> Bool {
        try SecretFile.write(authorities.file.pem, to: "\(folder)/ca.key")
        state.withLock { $0 = authorities }
        do {
            try SecretFile.write(authorities.text, to: "\(folder)/ca.crt")
            return true
        } catch {
            return false
        }
    }

    /// The server's context for these host names and addresses; its certificate is kept, and made anew where it lacks a
    /// name, comes to its end, or is by another than the active authority.
    func serverContext(names: [String], now: Int64) throws(UserError) -> TLSServerContext {
        try serverContext(of: authorities, names: names, now: now)
    }

    /// The same for authorities that are to be kept next.
    func serverContext(
        of authorities: AuthoritySet,
        names: [String],
        now: Int64
    ) throws(UserError) -> TLSServerContext {
        do {
            let identity = try kept(authorities, names, now) ?? make(authorities, names, now)
            return try TLSServerContext(identity: identity, authorities: authorities.trusted, asksClients: true)
        } catch {
            throw UserError(.internal, "no certificate for \(names.joined(separator: ", ")): \(error)")
        }
    }

    private func kept(_ authorities: AuthoritySet, _ names: [String], _ now: Int64) throws(TransportError)
        -> TLSIdentity?
    {
        guard let certificate = try SecretFile.read("\(folder)/server.crt").flatMap({ try? Certificate(pem: $0) }),
            let key = try SecretFile.read("\(folder)/server.key").flatMap({ try? PrivateKey(pem: $0) }),
            certificate.keyFingerprint == key.fingerprint,
            certificate.isSigned(by: authorities.active.certificate),
            certificate.notAfter - now > Self.renewalMargin, names.allSatisfy({ certificate.isFor(host: $0) })
        else { return nil }
        return TLSIdentity(certificate: certificate, key: key, chain: authorities.chain)
    }

    private func make(_ authorities: AuthoritySet, _ names: [String], _ now: Int64) throws -> TLSIdentity {
        let key = try PrivateKey()
        var profile = CertificateProfile(commonName: "Sluice control", lifetime: Self.serverLifetime)
        for name in names {
            if (try? SocketAddress(ipAddress: name, port: 0)) != nil {
                profile.addresses.append(name)
            } else {
                profile.dnsNames.append(name)
            }
        }
        profile.uris = [ControlSecurity.certificateName]
        profile.isServer = true
        let certificate = try authorities.active.issue(profile, for: CertificateRequest(key: key), now: now)
        try SecretFile.write(key.pem, to: "\(folder)/server.key")
        try SecretFile.write(certificate.pem, to: "\(folder)/server.crt")
        return TLSIdentity(certificate: certificate, key: key, chain: authorities.chain)
    }
}
