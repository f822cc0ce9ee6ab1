import Control
import Foundation
import HTTP
import NIOPosix
import RPC
import SluiceAPI
import Testing
import Transport

/// Who gets in, how far, and for how long: control with TLS on a real socket.
@Suite(.timeLimit(.minutes(2))) struct AccessTests {
    private func withControl(_ body: (SecuredControl, String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await SecuredControl.run(in: folder) { try await body($0, folder) }
    }

    private func origin(_ name: String) -> CreateOriginRequest {
        var request = CreateOriginRequest()
        var origin = Origin()
        origin.name = name
        origin.baseUrls = ["http://files.example/"]
        request.origin = origin
        return request
    }

    private func hello(_ name: String, _ role: NodeRole) -> ConnectRequest {
        var request = ConnectRequest()
        var hello = Hello()
        var node = Node()
        node.name = name
        node.role = role
        hello.node = node
        request.message = .hello(hello)
        return request
    }

    @Test func `roles reach as far as they should, and no further`() async throws {
        try await withControl { control, _ in
            let viewer = try await control.client(token: control.token("v", .viewer))
            let operators = try await control.client(token: control.token("o", .operator))
            let nobody = try await control.client()
            let stranger = try await control.client(token: "sluice_api_" + String(repeating: "A", count: 43))
            let list: (RPCClient) async -> RPCStatusCode = { client in
                await SecuredControl.code {
                    _ = try await OriginServiceClient(client).listOrigins(ListOriginsRequest())
                }
            }
            let create: (RPCClient) async -> RPCStatusCode = { client in
                await SecuredControl.code { _ = try await OriginServiceClient(client).createOrigin(origin("files")) }
            }
            let cancel: (RPCClient) async -> RPCStatusCode = { client in
                await SecuredControl.code {
                    var request = CancelDistributionRequest()
                    request.name = "d-none"
                    _ = try await DistributionServiceClient(client).cancelDistribution(request)
                }
            }
            #expect(
                await [list(nobody), list(stranger), list(viewer), list(operators)] == [
                    .unauthenticated, .unauthenticated, .ok, .ok,
                ]
            )
            #expect(await cancel(viewer) == .permissionDenied)
            #expect(await cancel(operators) == .notFound)
            #expect(await [create(viewer), create(operators)] == [.permissionDenied, .permissionDenied])
            #expect(try await create(control.admin()) == .ok)
            let audit = await SecuredControl.code {
                _ = try await AuditRecordServiceClient(operators).listAuditRecords(ListAuditRecordsRequest())
            }
            #expect(audit == .permissionDenied)
        }
    }

    @Test func `an enrolled node is heard under its own name and role alone`() async throws {
        try await withControl { control, _ in
            let key = try PrivateKey()
            let token = try await control.joinToken(.relay)
            let identity = try await control.enroll("relay-1", .relay, token: token, key: key)
            // The answer was lost: the same key asks again.
            _ = try await control.enroll("relay-1", .relay, token: token, key: key)
            let spent = await SecuredControl.code {
                _ = try await control.enroll("relay-2", .relay, token: token, key: PrivateKey())
            }
            #expect(spent == .unauthenticated)
            let client = try await control.client(identity: identity)
            for (name, role, expected) in [
                ("relay-2", NodeRole.relay, RPCStatusCode.permissionDenied), ("relay-1", .agent, .permissionDenied),
            ] {
                let (writer, reader) = try await NodeStreamServiceClient(client).connect()
                try await writer.write(hello(name, role))
                #expect(await SecuredControl.code { _ = try await reader.next() } == expected)
            }
            let (writer, reader) = try await NodeStreamServiceClient(client).connect()
            try await writer.write(hello("relay-1", .relay))
            guard case .welcome? = try await reader.next()?.message else {
                Issue.record("the relay was not welcomed")
                return
            }
            // A node's certificate opens none of the users' methods, and a user's token none of the nodes'.
            let asUser = await SecuredControl.code {
                _ = try await OriginServiceClient(client).listOrigins(ListOriginsRequest())
            }
            #expect(asUser == .unauthenticated)
            let (asNodeWriter, asNode) = try await NodeStreamServiceClient(control.admin()).connect()
            try? await asNodeWriter.write(hello("relay-1", .relay))
            #expect(await SecuredControl.code { _ = try await asNode.next() } == .unauthenticated)
        }
    }

    @Test func `a renewed certificate lasts longer, for the same key only`() async throws {
        try await withControl { control, _ in
            let key = try PrivateKey()
            let token = try await control.joinToken(.agent)
            let identity = try await control.enroll("agent-1", .agent, token: token, key: key)
            let client = try await control.client(identity: identity)
            var request = RenewRequest()
            request.certificateRequest = try CertificateRequest(key: key).pem
            let renewed = try await EnrollmentServiceClient(client).renew(request)
            let certificate = try Certificate(pem: renewed.certificate)
            #expect(certificate.keyFingerprint == key.fingerprint)
            #expect(certificate.notAfter >= identity.certificate.notAfter)
            request.certificateRequest = try CertificateRequest(key: PrivateKey()).pem
            let other = await SecuredControl.code { _ = try await EnrollmentServiceClient(client).renew(request) }
            #expect(other == .permissionDenied)
        }
    }

    @Test func `revoking a node ends its stream within a second, and it stays out`() async throws {
        try await withControl { control, _ in
            let identity = try await control.enroll(
                "relay-1",
                .relay,
                token: control.joinToken(.relay),
                key: PrivateKey()
            )
            let client = try await control.client(identity: identity)
            let (writer, reader) = try await NodeStreamServiceClient(client).connect()
            try await writer.write(hello("relay-1", .relay))
            _ = try await reader.next()
            var revoke = RevokeNodeRequest()
            revoke.name = "relay-1"
            let begin = ContinuousClock.now
            _ = try await NodeServiceClient(control.admin()).revokeNode(revoke)
            let ended = await SecuredControl.code { while try await reader.next() != nil {} }
            #expect(ended == .permissionDenied)
            #expect(ContinuousClock.now - begin < .seconds(1))
            let (again, answer) = try await NodeStreamServiceClient(client).connect()
            try? await again.write(hello("relay-1", .relay))
            #expect(await SecuredControl.code { _ = try await answer.next() } == .permissionDenied)
            let back = await SecuredControl.code {
                _ = try await control.enroll("relay-1", .relay, token: control.joinToken(.relay), key: PrivateKey())
            }
            #expect(back == .alreadyExists)
            let named = try await control.joinToken(.relay, node: "relay-1")
            _ = try await control.enroll("relay-1", .relay, token: named, key: PrivateKey())
        }
    }

    @Test func `a revoked token is refused at once`() async throws {
        try await withControl { control, _ in
            let client = try await control.client(token: control.token("ci", .operator))
            _ = try await OriginServiceClient(client).listOrigins(ListOriginsRequest())
            var delete = DeleteApiTokenRequest()
            delete.name = "ci"
            _ = try await ApiTokenServiceClient(control.admin()).deleteApiToken(delete)
            let after = await SecuredControl.code {
                _ = try await OriginServiceClient(client).listOrigins(ListOriginsRequest())
            }
            #expect(after == .unauthenticated)
        }
    }

    @Test func `every change is in the audit log with who did it and how it ended`() async throws {
        try await withControl { control, _ in
            let viewer = try await control.client(token: control.token("v", .viewer))
            let admin = try await control.admin()
            _ = try await OriginServiceClient(admin).createOrigin(origin("files"))
            _ = await SecuredControl.code { _ = try await OriginServiceClient(admin).createOrigin(origin("files")) }
            _ = await SecuredControl.code { _ = try await OriginServiceClient(viewer).createOrigin(origin("other")) }
            _ = try await OriginServiceClient(viewer).listOrigins(ListOriginsRequest())
            let records = try await AuditRecordServiceClient(admin)
                .listAuditRecords(ListAuditRecordsRequest()).auditRecords
            let told = records.map { "\($0.principal) \($0.method) \($0.resource) \($0.outcome)" }
            #expect(
                told == [
                    "token/v sluice.v1.OriginService/CreateOrigin  PERMISSION_DENIED",
                    "token/admin sluice.v1.OriginService/CreateOrigin files ALREADY_EXISTS",
                    "token/admin sluice.v1.OriginService/CreateOrigin files OK",
                    "token/admin sluice.v1.ApiTokenService/CreateApiToken v OK",
                ]
            )
            #expect(records.allSatisfy { $0.peer == "127.0.0.1" })
        }
    }

    @Test func `a plaintext client is shut out, and keys are for their owner's eyes`() async throws {
        try await withControl { control, folder in
            let http = try await HTTPClient.connect(
                host: "127.0.0.1",
                port: control.port,
                group: MultiThreadedEventLoopGroup.singleton
            )
            let client = RPCClient(http: http, scheme: "http", authority: "test")
            let code = await SecuredControl.code {
                _ = try await OriginServiceClient(client).listOrigins(ListOriginsRequest())
            }
            #expect(code == .unavailable)
            for name in ["ca.key", "server.key", "admin.token"] {
                let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
                #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600, "\(name)")
            }
        }
    }

    @Test func `authority and first token outlive a restart; a new admin's token is made where the file is gone`()
        async throws
    {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var (authority, token) = ("", "")
        try await SecuredControl.run(in: folder) {
            (authority, token) = ($0.credentials.authority, $0.credentials.adminToken)
        }
        try await SecuredControl.run(in: folder) { control in
            #expect(control.credentials.authority == authority && control.credentials.adminToken == token)
            _ = try await OriginServiceClient(control.admin()).listOrigins(ListOriginsRequest())
        }
        try FileManager.default.removeItem(atPath: "\(folder)/admin.token")
        try await SecuredControl.run(in: folder) { control in
            #expect(control.credentials.adminToken != token)
            let old = try await control.client(token: token)
            let code = await SecuredControl.code {
                _ = try await OriginServiceClient(old).listOrigins(ListOriginsRequest())
            }
            #expect(code == .unauthenticated)
        }
    }

    @Test func `a node that breaks the rules of its stream is told so`() async throws {
        try await withControl { control, _ in
            let token = try await control.joinToken(.agent)
            let identity = try await control.enroll("agent-1", .agent, token: token, key: PrivateKey())
            let client = NodeStreamServiceClient(try await control.client(identity: identity))
            var relayOnly = ConnectRequest()
            relayOnly.message = .hashBatches(HashBatches())
            for (message, expected) in [
                (hello("agent-1", .agent), RPCStatusCode.failedPrecondition), (relayOnly, .permissionDenied),
            ] {
                let (writer, reader) = try await client.connect()
                try await writer.write(hello("agent-1", .agent))
                _ = try await reader.next()
                try await writer.write(message)
                #expect(await SecuredControl.code { while try await reader.next() != nil {} } == expected)
            }
        }
    }

    @Test func `a certificate is for what its node does, and a stranger's request is not looked at`() async throws {
        try await withControl { control, _ in
            for (role, name) in [(NodeRole.relay, "relay-1"), (.agent, "agent-1")] {
                let token = try await control.joinToken(role)
                let identity = try await control.enroll(name, role, token: token, key: PrivateKey())
                #expect(identity.certificate.isFor(host: "127.0.0.1") == (role == .relay))
            }
            var request = EnrollRequest()
            var generator = SystemRandomNumberGenerator()
            let authority = try Certificate(pem: control.credentials.authority).fingerprint
            request.joinToken = JoinTokenText(authority: authority, using: &generator).text
            request.name = "stranger"
            request.role = .agent
            request.certificateRequest = "no request at all"
            let unknown = await SecuredControl.code {
                _ = try await EnrollmentServiceClient(control.client()).enroll(request)
            }
            #expect(unknown == .unauthenticated)
            request.joinToken = try await control.joinToken(.agent)
            for text in ["no request at all", String(repeating: "x", count: 20_000)] {
                request.certificateRequest = text
                let broken = await SecuredControl.code {
                    _ = try await EnrollmentServiceClient(control.client()).enroll(request)
                }
                #expect(broken == .invalidArgument)
            }
        }
    }

    @Test func `a key that was revoked is refused under any name`() async throws {
        try await withControl { control, _ in
            let key = try PrivateKey()
            _ = try await control.enroll("agent-1", .agent, token: control.joinToken(.agent), key: key)
            var revoke = RevokeNodeRequest()
            revoke.name = "agent-1"
            _ = try await NodeServiceClient(control.admin()).revokeNode(revoke)
            let again = await SecuredControl.code {
                _ = try await control.enroll("agent-2", .agent, token: control.joinToken(.agent), key: key)
            }
            #expect(again == .permissionDenied)
        }
    }
}
