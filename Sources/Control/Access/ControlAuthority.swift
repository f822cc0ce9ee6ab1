internal import NIOCore
internal import Transport
internal import Units

/// Control's own certificate authority, and its certificate as a server, kept in its data folder: `ca.crt`, `ca.key`,
/// `server.crt`, `server.key`. Made on the first start.
struct ControlAuthority: Sendable {
    /// How long the server's certificate is good; it is made anew on a start in its last month.
    static let serverLifetime: Int64 = 397 * 86_400
    static let renewalMargin: Int64 = 30 * 86_400

    private let folder: String
    let authority: CertificateAuthority

    /// Reads the authority, or makes it; `now` in seconds since 1970.
    static func open(in folder: String, now: Int64) throws(UserError) -> ControlAuthority {
        let (certificatePath, keyPath) = ("\(folder)/ca.crt", "\(folder)/ca.key")
        do {
            let (certificate, key) = (try SecretFile.read(certificatePath), try SecretFile.read(keyPath))
            if let certificate, let key {
                let authority = try CertificateAuthority(
                    certificate: Certificate(pem: certificate),
                    key: PrivateKey(pem: key)
                )
                return ControlAuthority(folder: folder, authority: authority)
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
            return ControlAuthority(folder: folder, authority: made)
        } catch let error as UserError {
            throw error
        } catch {
            throw UserError(.dataLoss, "the certificate authority in \(folder) cannot be used: \(error)")
        }
    }

    /// The server's context for these host names and addresses; its certificate is kept, and made anew where it lacks a
    /// name or comes to its end.
    func serverContext(names: [String], now: Int64) throws(UserError) -> TLSServerContext {
        do {
            let identity = try kept(names, now) ?? make(names, now)
            return try TLSServerContext(identity: identity, authority: authority.certificate, asksClients: true)
        } catch {
            throw UserError(.internal, "no certificate for \(names.joined(separator: ", ")): \(error)")
        }
    }

    private func kept(_ names: [String], _ now: Int64) throws(TransportError) -> TLSIdentity? {
        guard let certificate = try SecretFile.read("\(folder)/server.crt").flatMap({ try? Certificate(pem: $0) }),
            let key = try SecretFile.read("\(folder)/server.key").flatMap({ try? PrivateKey(pem: $0) }),
            certificate.keyFingerprint == key.fingerprint, certificate.isSigned(by: authority.certificate),
            certificate.notAfter - now > Self.renewalMargin, names.allSatisfy({ certificate.isFor(host: $0) })
        else { return nil }
        return TLSIdentity(certificate: certificate, key: key)
    }

    private func make(_ names: [String], _ now: Int64) throws -> TLSIdentity {
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
        let certificate = try authority.issue(profile, for: CertificateRequest(key: key), now: now)
        try SecretFile.write(key.pem, to: "\(folder)/server.key")
        try SecretFile.write(certificate.pem, to: "\(folder)/server.crt")
        return TLSIdentity(certificate: certificate, key: key)
    }
}
