internal import SluiceAPI
internal import Synchronization
internal import Transport
internal import Units

/// A node's key and certificate and the authority that both sides trust, kept in its data folder as `node.key`,
/// `node.crt` and `ca.crt`.
final class NodeCredentials: Sendable {
    private struct State {
        var identity: TLSIdentity
        var client: TLSClientContext
    }

    private let folder: String
    private let authority: Certificate
    private let state: Mutex<State>
    /// For the node's own port.
    let serverSlot: TLSServerSlot

    private init(folder: String, authority: Certificate, identity: TLSIdentity) throws(TransportError) {
        self.folder = folder
        self.authority = authority
        self.state = Mutex(
            State(identity: identity, client: try Self.client(identity, authority))
        )
        self.serverSlot = TLSServerSlot(
            try TLSServerContext(identity: identity, authority: authority, asksClients: false)
        )
    }

    private static func client(
        _ identity: TLSIdentity,
        _ authority: Certificate
    ) throws(TransportError) -> TLSClientContext {
        try TLSClientContext(
            trust: .authority(authority),
            identity: identity,
            requiredURI: NodeCertificateName.control
        )
    }

    /// For connections to a relay, which is known by its name whatever its address is.
    func client(to relay: NodeID) throws(TransportError) -> TLSClientContext {
        try TLSClientContext(
            trust: .authority(authority),
            requiredURI: NodeCertificateName(node: relay, role: .relay).uri,
            serverName: NodeCertificateName.serverName
        )
    }

    /// For connections to control.
    var client: TLSClientContext { state.withLock { $0.client } }
    var identity: TLSIdentity { state.withLock { $0.identity } }

    /// What is kept, where it is whole and for this node; nil where the node has to enroll.
    static func kept(in folder: String, for name: NodeCertificateName) throws(UserError) -> NodeCredentials? {
        guard let authority = try SmallFile.read("\(folder)/ca.crt").flatMap({ try? Certificate(pem: $0) }),
            let certificate = try SmallFile.read("\(folder)/node.crt").flatMap({ try? Certificate(pem: $0) }),
            let key = try SmallFile.read("\(folder)/node.key").flatMap({ try? PrivateKey(pem: $0) }),
            certificate.keyFingerprint == key.fingerprint, certificate.isSigned(by: authority),
            certificate.uris.contains(name.uri)
        else { return nil }
        let identity = TLSIdentity(certificate: certificate, key: key)
        return try? NodeCredentials(folder: folder, authority: authority, identity: identity)
    }

    /// The key that is kept, or a new one, which is kept before it is used: a second try enrolls the same key.
    static func key(in folder: String) throws -> PrivateKey {
        if let kept = try SmallFile.read("\(folder)/node.key") { return try PrivateKey(pem: kept) }
        let key = try PrivateKey()
        try SmallFile.makeFolder(of: "\(folder)/node.key")
        try SecretFile.write(key.pem, to: "\(folder)/node.key")
        return key
    }

    /// Keeps what control has given to a key.
    static func keep(
        certificate: Certificate,
        authority: Certificate,
        key: PrivateKey,
        in folder: String
    ) throws -> NodeCredentials {
        guard certificate.keyFingerprint == key.fingerprint, certificate.isSigned(by: authority) else {
            throw UserError(.dataLoss, "control's answer is not a certificate for this node's key")
        }
        try SecretFile.write(authority.pem, to: "\(folder)/ca.crt")
        try SecretFile.write(certificate.pem, to: "\(folder)/node.crt")
        return try NodeCredentials(
            folder: folder,
            authority: authority,
            identity: TLSIdentity(certificate: certificate, key: key)
        )
    }

    /// Keeps a certificate that lasts longer; connections from now on show it.
    func renewed(_ certificate: Certificate) throws {
        let identity = TLSIdentity(certificate: certificate, key: identity.key)
        guard certificate.keyFingerprint == identity.key.fingerprint, certificate.isSigned(by: authority) else {
            throw UserError(.dataLoss, "control's answer is not a certificate for this node's key")
        }
        let client = try Self.client(identity, authority)
        let server = try TLSServerContext(identity: identity, authority: authority, asksClients: false)
        try SecretFile.write(certificate.pem, to: "\(folder)/node.crt")
        state.withLock { state in
            state.identity = identity
            state.client = client
        }
        serverSlot.replace(server)
    }
}
