import Testing

@testable import Transport

/// One authority takes the place of another: whom a certificate convinces meanwhile.
@Suite(.timeLimit(.minutes(1))) struct CertificateLinkTests {
    private let now = TLSHandshake.now()

    private func pair(
        pathLength: Int = 1
    ) throws -> (old: CertificateAuthority, new: CertificateAuthority, link: Certificate) {
        let old = try CertificateAuthority.make(.commonName("Test CA"), now: now, pathLength: pathLength)
        let new = try old.successor(now: now)
        return (old, new, try old.link(to: new, now: now))
    }

    private func server(
        _ authority: CertificateAuthority,
        chain: [Certificate],
        authorities: [CertificateAuthority]
    ) throws -> TLSServerContext {
        try TLSServerContext(
            identity: TLSHandshake.identity(authority, uri: "sluice://control", from: now, chain: chain),
            authorities: CertificateBundle(authority.certificate, authorities.map(\.certificate)),
            asksClients: true
        )
    }

    private func believes(_ trust: TLSTrust, _ server: TLSServerContext) throws -> Bool {
        let client = try TLSClientContext(trust: trust, requiredURI: "sluice://control")
        return try TLSHandshake.connected(server: server, client: client) != nil
    }

    /// Authorities that were made before there were links allow none below them: a link is self-issued, and does not count.
    @Test(arguments: [0, 1])
    func `a link convinces whoever trusts or pins but the authority before, and nobody else`(pathLength: Int) throws {
        let (old, new, link) = try pair(pathLength: pathLength)
        let linked = try server(new, chain: [link], authorities: [old])
        let bare = try server(new, chain: [], authorities: [old])
        let both = CertificateBundle(old.certificate, [new.certificate])
        for trust in [TLSTrust.authority(old.certificate), .pinned(old.certificate.fingerprint)] {
            #expect(try believes(trust, linked))
            #expect(try !believes(trust, bare))
        }
        for trust in [.authority(new.certificate), .pinned(new.certificate.fingerprint), TLSTrust.authorities(both)] {
            #expect(try believes(trust, linked))
            #expect(try believes(trust, bare))
        }
        // Once the old one is gone, the chain does not lead there any more.
        let alone = try server(new, chain: [], authorities: [])
        #expect(try !believes(.authority(old.certificate), alone) && believes(.authority(new.certificate), alone))
    }

    @Test func `a link by a stranger of the same name convinces nobody`() throws {
        let (old, new, _) = try pair()
        let stranger = try CertificateAuthority.make(commonName: "Test CA", now: now)
        let forged = try server(new, chain: [try stranger.link(to: new, now: now)], authorities: [old])
        #expect(try !believes(.authority(old.certificate), forged))
        #expect(try !believes(.pinned(old.certificate.fingerprint), forged))
        let other = try CertificateAuthority.make(commonName: "Other CA", now: now)
        #expect(throws: TransportError.self) { try old.link(to: other, now: now) }
    }

    @Test func `a server takes clients by each of its authorities, and knows whose they are`() throws {
        let (old, new, link) = try pair()
        let third = try CertificateAuthority.make(commonName: "Test CA", now: now)
        let server = try server(new, chain: [link], authorities: [old])
        for (authority, isTaken) in [(old, true), (new, true), (third, false)] {
            let client = try TLSClientContext(
                trust: .authority(old.certificate),
                identity: TLSHandshake.identity(authority, uri: "sluice://node/a?role=agent", from: now)
            )
            let far = try TLSHandshake.connected(server: server, client: client)?.far
            #expect(far?.peerCertificate?.authority == (isTaken ? authority.certificate.fingerprint : nil))
        }
    }

    @Test func `a bundle is one certificate or several, each once, and not too many`() throws {
        let (old, new, link) = try pair()
        let text =
            "trust these\n" + (try old.certificate.pem) + "\n\n" + (try new.certificate.pem) + (try old.certificate.pem)
        let bundle = try CertificateBundle(pem: text)
        #expect(bundle.fingerprints == [old.certificate.fingerprint, new.certificate.fingerprint])
        #expect(try CertificateBundle(pem: bundle.pem).fingerprints == bundle.fingerprints)
        #expect(try CertificateBundle(pem: old.certificate.pem).fingerprints == [old.certificate.fingerprint])
        #expect(bundle.signer(of: link)?.fingerprint == old.certificate.fingerprint)
        let many = String(repeating: try old.certificate.pem, count: CertificateBundle.maximumCount + 1)
        let long = (try old.certificate.pem) + String(repeating: "x", count: CertificateBundle.maximumBytes)
        for wrong in ["", "x", String(try old.certificate.pem.dropLast(30)), many, long, try old.key.pem] {
            #expect(throws: TransportError.self) { try CertificateBundle(pem: wrong) }
        }
    }

    @Test func `a file of authorities reads as it was written, and who knows but one key finds the first`() throws {
        let (old, new, link) = try pair()
        let file = AuthorityFile(keys: [new.key, old.key], certificates: [new.certificate, link, old.certificate])
        let read = try AuthorityFile(pem: file.pem)
        #expect(read.keys.map(\.fingerprint) == file.keys.map(\.fingerprint))
        #expect(read.certificates.map(\.fingerprint) == file.certificates.map(\.fingerprint))
        #expect(try PrivateKey(pem: file.pem).fingerprint == new.key.fingerprint)
        #expect(try AuthorityFile(pem: old.key.pem).certificates.isEmpty)
    }

    @Test func `an identity is a certificate for the key, with what goes along behind it`() throws {
        let (_, new, link) = try pair()
        let made = try TLSHandshake.identity(new, uri: "sluice://control", from: now, chain: [link])
        let read = try TLSIdentity(certificates: made.pem, key: made.key)
        #expect(read.certificate.fingerprint == made.certificate.fingerprint)
        #expect(read.chain.map(\.fingerprint) == [link.fingerprint])
        #expect(throws: TransportError.self) { try TLSIdentity(certificates: made.pem, key: PrivateKey()) }
    }
}
