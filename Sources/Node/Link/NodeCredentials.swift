internal import SluiceAPI
internal import Synchronization
internal import Transport
internal import Units

/// A node's key and certificate and the authorities that both sides trust, kept in its data folder as `node.key`, `node.crt`
/// (what goes along with the certificate behind it) and `ca.crt`.
final class NodeCredentials: Sendable {
    private struct State {
        var identity: TLSIdentity
        var authorities: CertificateBundle
        var client: TLSClientContext
    }

    private let folder: String
    private let state: Mutex<State>
    /// Held by whoever changes files and state.
    private let changing = Mutex(())
    /// For the node's own port.
    let serverSlot: TLSServerSlot

    private init(folder: String, _ authorities: CertificateBundle, _ identity: TLSIdentity) throws(TransportError) {
        self.folder = folder
        self.state = Mutex(
            State(identity: identity, authorities: authorities, client: try Self.client(identity, authorities))
        )
        self.serverSlot = TLSServerSlot(try Self.server(identity, authorities))
    }

    private static func client(
        _ identity: TLSIdentity,
        _ authorities: CertificateBundle
    ) throws(TransportError) -> TLSClientContext {
        try TLSClientContext(
            trust: .authorities(authorities),
            identity: identity,
            requiredURI: NodeCertificateName.control
        )
    }

    private static func server(
        _ identity: TLSIdentity,
        _ authorities: CertificateBundle
    ) throws(TransportError) -> TLSServerContext {
        try TLSServerContext(identity: identity, authorities: authorities, asksClients: false)
    }

    /// For connections to a relay, which is known by its name whatever its address is.
    func client(to relay: NodeID) throws(TransportError) -> TLSClientContext {
        try TLSClientContext(
            trust: .authorities(authorities),
            requiredURI: NodeCertificateName(node: relay, role: .relay).uri,
            serverName: NodeCertificateName.serverName
        )
    }

    /// For connections to control.
    var client: TLSClientContext { state.withLock { $0.client } }
    var identity: TLSIdentity { state.withLock { $0.identity } }
    /// Whose certificates count.
    var authorities: CertificateBundle { state.withLock { $0.authorities } }

    /// Whether the node's certificate is by the authority of this fingerprint.
    func isBy(_ authority: [UInt8]) -> Bool {
        state.withLock { $0.authorities.signer(of: $0.identity.certificate)?.fingerprint == authority }
    }

    /// What is kept, where it is whole and for this node; nil where the node has to enroll.
    static func kept(in folder: String, for name: NodeCertificateName) throws(UserError) -> NodeCredentials? {
        guard let authorities = try SmallFile.read("\(folder)/ca.crt").flatMap({ try? CertificateBundle(pem: $0) }),
            let certificates = try SmallFile.read("\(folder)/node.crt"),
            let key = try SmallFile.read("\(folder)/node.key").flatMap({ try? PrivateKey(pem: $0) }),
            let identity = try? TLSIdentity(certificates: certificates, key: key),
            authorities.signer(of: identity.certificate) != nil, identity.certificate.uris.contains(name.uri)
        else { return nil }
        return try? NodeCredentials(folder: folder, authorities, identity)
    }

    /// The key that is kept, or a new one, which is kept before it is used: a second try enrolls the same key.
    static func key(in folder: String) throws -> PrivateKey {
        if let kept = try SmallFile.read("\(folder)/node.key") { return try PrivateKey(pem: kept) }
        let key = try PrivateKey()
        try SmallFile.makeFolder(of: "\(folder)/node.key")
        try SecretFile.write(key.pem, to: "\(folder)/node.key")
        return key
    }

    /// Keeps what control has given to a key: a certificate with what goes along with it, and whom to trust.
    static func keep(
        certificates: String,
        authorities: CertificateBundle,
        key: PrivateKey,
        in folder: String
    ) throws -> NodeCredentials {
        let identity = try proven(certificates, authorities, key)
        try SecretFile.write(authorities.pem, to: "\(folder)/ca.crt")
        try SecretFile.write(identity.pem, to: "\(folder)/node.crt")
        return try NodeCredentials(folder: folder, authorities, identity)
    }

    private static func proven(
        _ certificates: String,
        _ authorities: CertificateBundle,
        _ key: PrivateKey
    ) throws -> TLSIdentity {
        guard let identity = try? TLSIdentity(certificates: certificates, key: key),
            authorities.signer(of: identity.certificate) != nil
        else { throw UserError(.dataLoss, "control's answer is not a certificate for this node's key") }
        return identity
    }

    /// Keeps a certificate that lasts longer, and whom to trust; connections from now on show the one and demand the others.
    func renewed(certificates: String, authorities: CertificateBundle) throws {
        try changing.withLock { _ in
            let identity = try Self.proven(certificates, authorities, identity.key)
            try adopt(identity, authorities) {
                try write(authorities)
                try SecretFile.write(identity.pem, to: "\(folder)/node.crt")
            }
        }
    }

    /// These authorities are trusted from now on, and no others; false where that changes nothing.
    func trust(_ authorities: CertificateBundle) throws -> Bool {
        try changing.withLock { _ in
            guard isNews(authorities) else { return false }
            try adopt(identity, authorities) { try write(authorities) }
            return true
        }
    }

    private func write(_ authorities: CertificateBundle) throws {
        if isNews(authorities) { try SecretFile.write(authorities.pem, to: "\(folder)/ca.crt") }
    }

    private func isNews(_ authorities: CertificateBundle) -> Bool {
        Set(authorities.fingerprints) != Set(self.authorities.fingerprints)
    }

    /// What can be used is kept, and then used.
    private func adopt(_ identity: TLSIdentity, _ authorities: CertificateBundle, keep: () throws -> Void) throws {
        let (client, server) = (try Self.client(identity, authorities), try Self.server(identity, authorities))
        try keep()
        state.withLock { $0 = State(identity: identity, authorities: authorities, client: client) }
        serverSlot.replace(server)
    }
}
