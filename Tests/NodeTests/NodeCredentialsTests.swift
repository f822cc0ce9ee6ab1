import Foundation
import SluiceAPI
import Testing
import Transport
import Units

@testable import Node

/// What a node keeps of itself and of those it trusts.
@Suite struct NodeCredentialsTests {
    private let now = Int64(Date().timeIntervalSince1970)
    private let key: PrivateKey
    private let name: NodeCertificateName
    private let (old, new): (CertificateAuthority, CertificateAuthority)

    init() throws {
        key = try PrivateKey()
        name = NodeCertificateName(node: try #require(NodeID("agent-1")), role: .agent)
        old = try CertificateAuthority.make(commonName: "Sluice control", now: now)
        new = try old.successor(now: now)
    }

    private func certificate(_ authority: CertificateAuthority) throws -> Certificate {
        var profile = CertificateProfile(commonName: "agent-1", lifetime: 3600)
        profile.uris = [name.uri]
        profile.isClient = true
        return try authority.issue(profile, for: CertificateRequest(key: key), now: now)
    }

    /// A folder with a node that has enrolled before there was a second authority.
    private func withNode(_ body: (NodeCredentials, String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (file, text) in [("ca.crt", try old.certificate.pem), ("node.crt", try certificate(old).pem)] {
            try SecretFile.write(text, to: "\(folder)/\(file)")
        }
        try SecretFile.write(key.pem, to: "\(folder)/node.key")
        try body(try #require(try kept(folder)), folder)
    }

    private func kept(_ folder: String) throws -> NodeCredentials? { try NodeCredentials.kept(in: folder, for: name) }

    private var both: CertificateBundle { CertificateBundle(old.certificate, [new.certificate]) }

    @Test func `a node goes from one authority to the other, and each step is on disk`() throws {
        try withNode { (node, folder) throws in
            #expect(
                node.authorities.fingerprints == [old.certificate.fingerprint] && node.isBy(old.certificate.fingerprint)
            )
            #expect(try node.trust(both))
            #expect(try kept(folder)?.authorities.fingerprints == both.fingerprints)
            // In another order it is the same.
            #expect(try !node.trust(CertificateBundle(new.certificate, [old.certificate])))
            let link = try old.link(to: new, now: now)
            let renewed = CertificateBundle(try certificate(new), [link])
            try node.renewed(certificates: renewed.pem, authorities: both)
            for node in [node, try kept(folder)] {
                #expect(node?.identity.certificate.fingerprint == renewed.certificates[0].fingerprint)
                #expect(node?.identity.chain.map(\.fingerprint) == [link.fingerprint])
                #expect(node?.isBy(new.certificate.fingerprint) == true)
            }
            #expect(try node.trust(CertificateBundle(new.certificate)))
            #expect(try kept(folder)?.authorities.fingerprints == [new.certificate.fingerprint])
        }
    }

    @Test func `a certificate that is renewed can bring its authority along`() throws {
        try withNode { (node, folder) throws in
            try node.renewed(certificates: certificate(new).pem, authorities: both)
            #expect(try kept(folder)?.isBy(new.certificate.fingerprint) == true)
            let stranger = try CertificateAuthority.make(commonName: "Sluice control", now: now)
            #expect(throws: UserError.self) {
                try node.renewed(certificates: certificate(stranger).pem, authorities: both)
            }
            #expect(try kept(folder)?.isBy(new.certificate.fingerprint) == true)
        }
    }

    @Test func `a node whose authority is not trusted any more has to enroll again`() throws {
        try withNode { (node, folder) throws in
            #expect(try node.trust(CertificateBundle(new.certificate)))
            #expect(try kept(folder) == nil)
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a wish to renew wakes who waits, and the earliest one stands`() async {
        let wish = RenewalWish()
        async let woken: Void = wish.wait(for: .seconds(600), knowing: nil)
        wish.asked(for: 20)
        await woken
        wish.asked(for: 10)
        wish.asked(for: 30)
        #expect(wish.dueAt == 10)
        // One that came between two looks.
        await wish.wait(for: .seconds(600), knowing: 20)
        wish.fulfilled()
        #expect(wish.dueAt == nil)
        let begin = ContinuousClock.now
        await wish.wait(for: .milliseconds(20), knowing: nil)
        #expect(ContinuousClock.now - begin >= .milliseconds(20))
    }
}
