import Foundation
import NIOCore
import Testing

@testable import Transport

/// Certificates of an authority of our own, and TLS with them on both sides.
@Suite(.timeLimit(.minutes(1))) struct CertificateAuthorityTests {
    private static let epoch: Int64 = 1_750_000_000

    private func identity(
        _ authority: CertificateAuthority,
        uri: String,
        from now: Int64,
        lifetime: Int64 = 3600
    ) throws -> TLSIdentity {
        try TLSHandshake.identity(authority, uri: uri, from: now, lifetime: lifetime)
    }

    @Test func `a certificate says what it was asked to say, and is signed by its authority`() throws {
        let authority = try CertificateAuthority.make(commonName: "Test CA", now: Self.epoch)
        let made = try identity(authority, uri: "sluice://node/a?role=agent", from: Self.epoch)
        let read = try Certificate(pem: made.certificate.pem)
        #expect(read.uris == ["sluice://node/a?role=agent"])
        #expect(read.notBefore == Self.epoch - CertificateAuthority.backdating)
        #expect(read.notAfter == Self.epoch + 3600)
        #expect(read.isFor(host: "127.0.0.1") && read.isFor(host: "localhost") && !read.isFor(host: "127.0.0.2"))
        #expect(read.isSigned(by: authority.certificate) && authority.certificate.isSigned(by: authority.certificate))
        #expect(read.keyFingerprint == made.key.fingerprint && read.keyFingerprint.count == 32)
        #expect(read.fingerprint != authority.certificate.fingerprint)
        let other = try CertificateAuthority.make(commonName: "Test CA", now: Self.epoch)
        #expect(!read.isSigned(by: other.certificate))
        #expect(throws: TransportError.self) {
            try CertificateAuthority(certificate: authority.certificate, key: other.key)
        }
        let again = try CertificateAuthority(
            certificate: Certificate(pem: authority.certificate.pem),
            key: PrivateKey(pem: authority.key.pem)
        )
        #expect(again.certificate.fingerprint == authority.certificate.fingerprint)
    }

    @Test func `a name that could be taken for two is refused, and so is a damaged request`() throws {
        let authority = try CertificateAuthority.make(commonName: "Test CA", now: Self.epoch)
        #expect(throws: TransportError.self) {
            try identity(authority, uri: "sluice://node/a,DNS:control.example", from: Self.epoch)
        }
        let pem = try CertificateRequest(key: PrivateKey()).pem
        #expect(try CertificateRequest(pem: pem).keyFingerprint.count == 32)
        let middle = pem.index(pem.startIndex, offsetBy: pem.count / 2)
        let digit = pem[middle] == "A" ? "B" : "A"
        #expect(throws: TransportError.self) {
            try CertificateRequest(pem: pem.replacingCharacters(at: middle, with: digit))
        }
        #expect(throws: TransportError.self) {
            try CertificateRequest(pem: String(repeating: "x", count: CertificateRequest.maximumBytes + 1))
        }
    }

    // MARK: Handshakes

    /// What a server saw of a client: nil where the handshake failed.
    private func handshake(server: TLSServerContext, client: TLSClientContext) throws -> TLSSession? {
        try TLSHandshake.connected(server: server, client: client)?.far
    }

    private func now() -> Int64 { TLSHandshake.now() }

    @Test func `both sides prove themselves, and the server learns the client's names`() throws {
        let authority = try CertificateAuthority.make(commonName: "Test CA", now: now())
        let server = try TLSServerContext(
            identity: identity(authority, uri: "sluice://control", from: now()),
            authorities: CertificateBundle(authority.certificate),
            asksClients: true
        )
        let shown = try identity(authority, uri: "sluice://node/a?role=agent", from: now())
        let client = try TLSClientContext(
            trust: .authority(authority.certificate),
            identity: shown,
            requiredURI: "sluice://control"
        )
        let session = try #require(try handshake(server: server, client: client))
        #expect(session.peerCertificate?.uris == ["sluice://node/a?role=agent"])
        #expect(session.peerCertificate?.keyFingerprint == shown.key.fingerprint)
        let nameless = try TLSClientContext(trust: .authority(authority.certificate))
        let anonymous = try #require(try handshake(server: server, client: nameless))
        #expect(anonymous.peerCertificate == nil)
        let wrong = try TLSClientContext(trust: .authority(authority.certificate), requiredURI: "sluice://other")
        #expect(try handshake(server: server, client: wrong) == nil)
    }

    @Test func `what is read keeps no more memory than it needs, in whole records and in parts of them`() throws {
        let authority = try CertificateAuthority.make(commonName: "Test CA", now: now())
        let server = try TLSServerContext(
            identity: identity(authority, uri: "sluice://control", from: now()),
            authorities: CertificateBundle(authority.certificate),
            asksClients: true
        )
        let client = try TLSClientContext(trust: .authority(authority.certificate))
        let (near, far) = try #require(try TLSHandshake.connected(server: server, client: client))
        near.shrink()
        far.shrink()
        for size in [5, 16_384, 100_000, 5] {
            let sent = ByteBuffer(repeating: 7, count: size)
            try near.write(sent)
            var encrypted = try #require(near.takeOutput())
            let half = encrypted.readSlice(length: encrypted.readableBytes / 2) ?? ByteBuffer()
            var plain = ByteBuffer()
            for part in [half, encrypted] {
                far.feed(part)
                let isOpen = try far.read(into: &plain)
                #expect(isOpen)
            }
            #expect(plain == sent)
            #expect(plain.capacity <= max(256, 3 * size), "\(plain.capacity) bytes for \(size)")
        }
        near.close()
        far.feed(try #require(near.takeOutput()))
        var rest = ByteBuffer()
        let isOpen = try far.read(into: &rest)
        #expect(!isOpen && rest.readableBytes == 0)
    }

    @Test func `a pinned authority is trusted by its fingerprint alone, and no other is`() throws {
        let (authority, other) = (
            try CertificateAuthority.make(commonName: "Test CA", now: now()),
            try CertificateAuthority.make(commonName: "Test CA", now: now())
        )
        let server = try TLSServerContext(
            identity: identity(authority, uri: "sluice://control", from: now()),
            authorities: CertificateBundle(authority.certificate),
            asksClients: true
        )
        let pinned = try TLSClientContext(trust: .pinned(authority.certificate.fingerprint))
        #expect(try handshake(server: server, client: pinned) != nil)
        let wrong = try TLSClientContext(trust: .pinned(other.certificate.fingerprint))
        #expect(try handshake(server: server, client: wrong) == nil)
        // A server that sends the pinned authority along, but whose own certificate is by another.
        let impostor = try TLSServerContext(
            identity: identity(other, uri: "sluice://control", from: now()),
            authorities: CertificateBundle(authority.certificate),
            asksClients: true
        )
        #expect(try handshake(server: impostor, client: pinned) == nil)
    }

    @Test func `a client certificate by another authority is refused`() throws {
        let (authority, other) = (
            try CertificateAuthority.make(commonName: "Test CA", now: now()),
            try CertificateAuthority.make(commonName: "Test CA", now: now())
        )
        let server = try TLSServerContext(
            identity: identity(authority, uri: "sluice://control", from: now()),
            authorities: CertificateBundle(authority.certificate),
            asksClients: true
        )
        let client = try TLSClientContext(
            trust: .authority(authority.certificate),
            identity: identity(other, uri: "sluice://node/a?role=agent", from: now())
        )
        #expect(try handshake(server: server, client: client) == nil)
    }

    /// Long ago: until then an end is for whoever serves the client to judge.
    @Test(arguments: [(-200, true), (-300 * 86_400, true), (-368 * 86_400, false), (900, false), (500, true)])
    func `clocks that differ by less than five minutes are forgiven, and a client's end for a year`(
        offset: Int64,
        isAccepted: Bool
    ) throws {
        // Negative: the certificate ended that many seconds ago. Positive: it was made that far in the future, and
        // begins 300 seconds before.
        let authority = try CertificateAuthority.make(commonName: "Test CA", now: now() - 86_400)
        let server = try TLSServerContext(
            identity: identity(authority, uri: "sluice://control", from: now()),
            authorities: CertificateBundle(authority.certificate),
            asksClients: true
        )
        let made = now() + (offset < 0 ? offset - 1000 : offset)
        let client = try TLSClientContext(
            trust: .authority(authority.certificate),
            identity: identity(authority, uri: "sluice://node/a?role=agent", from: made, lifetime: 1000)
        )
        #expect(try (handshake(server: server, client: client) != nil) == isAccepted)
    }
}

extension String {
    fileprivate func replacingCharacters(at index: String.Index, with text: String) -> String {
        self[..<index] + text + self[self.index(after: index)...]
    }
}
