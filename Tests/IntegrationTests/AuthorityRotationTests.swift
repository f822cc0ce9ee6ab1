import Control
import Foundation
import RPC
import SluiceAPI
import Testing
import Transport

/// One authority takes the place of another, as users and nodes see it: control with TLS on a real socket.
@Suite(.timeLimit(.minutes(2))) struct AuthorityRotationTests {
    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    private func service(_ control: SecuredControl) async throws -> AuthorityServiceClient {
        AuthorityServiceClient(try await control.admin())
    }

    private func activate(_ name: String, _ control: SecuredControl) async throws {
        var request = ActivateAuthorityRequest()
        request.name = name
        let activated = try await service(control).activateAuthority(request).authority
        #expect(activated?.name == name && activated?.state == .active)
    }

    private func delete(_ name: String, force: Bool = false, _ control: SecuredControl) async throws {
        var request = DeleteAuthorityRequest()
        request.name = name
        request.force = force
        _ = try await service(control).deleteAuthority(request)
    }

    private func listed(_ control: SecuredControl) async throws -> [Authority] {
        try await service(control).listAuthorities(ListAuthoritiesRequest()).authorities
    }

    /// The same control as one sees it who trusts other authorities.
    private func trusting(_ certificates: String, _ control: SecuredControl) -> SecuredControl {
        SecuredControl(
            port: control.port,
            credentials: ControlCredentials(authority: certificates, adminToken: control.credentials.adminToken)
        )
    }

    private func authority(_ pem: String) throws -> CertificateBundle { try CertificateBundle(pem: pem) }

    private func hello(_ name: String) -> ConnectRequest {
        var hello = Hello()
        var node = Node()
        node.name = name
        node.role = .agent
        hello.node = node
        var request = ConnectRequest()
        request.message = .hello(hello)
        return request
    }

    @Test func `nobody is cut off until the old authority is deleted, and each step outlives a restart`() async throws {
        try await withFolder { (folder) async throws in
            var (old, new) = ("", "")
            try await SecuredControl.run(in: folder) { (control) async throws in
                old = control.credentials.authority
                let made = try await service(control).createAuthority(CreateAuthorityRequest())
                new = try #require(made.authority?.name)
                let again = await SecuredControl.code {
                    _ = try await service(control).createAuthority(CreateAuthorityRequest())
                }
                #expect(again == .failedPrecondition)
            }
            try await SecuredControl.run(in: folder) { (control) async throws in
                let answer = try await service(control).listAuthorities(ListAuthoritiesRequest())
                #expect(answer.authorities.map(\.state) == [.active, .next])
                #expect(answer.certificates.joined() == control.credentials.authority)
                try await activate(new, control)
            }
            try await SecuredControl.run(in: folder) { (control) async throws in
                let known = try await listed(control)
                #expect(known.map(\.state) == [.active, .retiring] && known.map(\.nodes) == [0, 0])
                // Who trusts but the old one still calls, and enrolls.
                let before = trusting(old, control)
                let token = try await before.joinToken(.agent)
                let identity = try await before.enroll("agent-1", .agent, token: token, key: PrivateKey())
                #expect(try authority(control.credentials.authority).signer(of: identity.certificate) != nil)
                try await delete(known[1].name, control)
                #expect(try await listed(control).map(\.name) == [new])
                await #expect(throws: (any Error).self) { try await listed(before) }
            }
            try await SecuredControl.run(in: folder) { (control) async throws in
                #expect(try await listed(control).map(\.name) == [new])
                #expect(try authority(control.credentials.authority).certificates.count == 1)
                let refused = await SecuredControl.code { try await delete(new, force: true, control) }
                #expect(refused == .failedPrecondition)
                #expect(await SecuredControl.code { try await delete("ca-none", control) } == .notFound)
            }
        }
    }

    @Test func `a node that follows is given what the new authority signs, another what the old one does`() async throws
    {
        try await withFolder { (folder) async throws in
            try await SecuredControl.run(in: folder) { (control) async throws in
                let old = try authority(control.credentials.authority).certificates[0]
                let key = try PrivateKey()
                let early = try await control.joinToken(.agent, uses: 5)
                let identity = try await control.enroll("agent-1", .agent, token: early, key: key)
                let made = try await service(control).createAuthority(CreateAuthorityRequest())
                try await activate(try #require(made.authority?.name), control)
                let list = try await service(control).listAuthorities(ListAuthoritiesRequest())
                let new = try authority(list.certificates[0]).certificates[0]
                let client = EnrollmentServiceClient(try await control.client(identity: identity))
                for (follows, signer) in [(false, old), (true, new)] {
                    var request = RenewRequest()
                    request.certificateRequest = try CertificateRequest(key: key).pem
                    request.followsAuthorities = follows
                    let answer = try await client.renew(request)
                    let renewed = try authority(answer.certificate).certificates
                    #expect(renewed[0].isSigned(by: signer))
                    // The one behind it leads to the old one.
                    #expect(renewed.dropFirst().map { $0.isSigned(by: old) } == (follows ? [true] : []))
                    let trusted = try authority(answer.authority).fingerprints
                    #expect(trusted[0] == signer.fingerprint && trusted.count == 2)
                }
                // A token keeps to the authority that it names; one of now names the new one.
                let other = try await control.enroll("agent-2", .agent, token: early, key: PrivateKey())
                #expect(other.certificate.isSigned(by: old))
                let late = try await control.joinToken(.agent)
                #expect(JoinTokenText(late)?.authority == new.fingerprint)
                let third = try await control.enroll("agent-3", .agent, token: late, key: PrivateKey())
                #expect(third.certificate.isSigned(by: new))
                // Of whom control has itself certified anew, without a restart.
                #expect(try await listed(trusting(list.certificates[0], control)).map(\.nodes) == [1, 2])
            }
        }
    }

    @Test func `deleting an authority cuts off whom it has certified, when that is asked for`() async throws {
        try await withFolder { (folder) async throws in
            try await SecuredControl.run(in: folder) { (control) async throws in
                let identity = try await control.enroll(
                    "agent-1",
                    .agent,
                    token: control.joinToken(.agent),
                    key: PrivateKey()
                )
                let made = try await service(control).createAuthority(CreateAuthorityRequest())
                let retiring = try await listed(control)[0].name
                try await activate(try #require(made.authority?.name), control)
                let client = try await control.client(identity: identity)
                let (writer, reader) = try await NodeStreamServiceClient(client).connect()
                try await writer.write(hello("agent-1"))
                guard case .welcome(let welcome)? = try await reader.next()?.message else {
                    Issue.record("the agent was not welcomed")
                    return
                }
                #expect(welcome.authorities?.renewWithin != nil)
                let list = try await service(control).listAuthorities(ListAuthoritiesRequest())
                let now = trusting(list.certificates.joined(), control)
                #expect(await SecuredControl.code { try await delete(retiring, now) } == .failedPrecondition)
                try await delete(retiring, force: true, now)
                guard case .authorities(let told)? = try await reader.next()?.message else {
                    Issue.record("the agent was not told whom to trust")
                    return
                }
                #expect(try authority(told.certificates).certificates.count == 1)
                #expect(await SecuredControl.code { while try await reader.next() != nil {} } == .unauthenticated)
                // On the connection that is still open, and on a new one.
                let (again, answer) = try await NodeStreamServiceClient(client).connect()
                try? await again.write(hello("agent-1"))
                #expect(await SecuredControl.code { _ = try await answer.next() } == .unauthenticated)
                let anew = await SecuredControl.code {
                    let (writer, reader) = try await NodeStreamServiceClient(now.client(identity: identity)).connect()
                    try await writer.write(hello("agent-1"))
                    _ = try await reader.next()
                }
                #expect(anew != .ok)
            }
        }
    }

    @Test func `changing authorities is an admin's, and audited; looking at them is everybody's`() async throws {
        try await withFolder { (folder) async throws in
            try await SecuredControl.run(in: folder) { (control) async throws in
                let viewer = AuthorityServiceClient(try await control.client(token: control.token("v", .viewer)))
                let operators = AuthorityServiceClient(try await control.client(token: control.token("o", .operator)))
                #expect(try await viewer.listAuthorities(ListAuthoritiesRequest()).authorities.count == 1)
                let denied = await SecuredControl.code {
                    _ = try await operators.createAuthority(CreateAuthorityRequest())
                }
                #expect(denied == .permissionDenied)
                let made = try await service(control).createAuthority(CreateAuthorityRequest())
                let name = try #require(made.authority?.name)
                try await activate(name, control)
                let records = try await AuditRecordServiceClient(control.admin())
                    .listAuditRecords(ListAuditRecordsRequest()).auditRecords
                #expect(
                    records.prefix(3).map { "\($0.method.split(separator: "/")[1]) \($0.resource) \($0.outcome)" } == [
                        "ActivateAuthority \(name) OK", "CreateAuthority \(name) OK",
                        "CreateAuthority  PERMISSION_DENIED",
                    ]
                )
            }
        }
    }
}
