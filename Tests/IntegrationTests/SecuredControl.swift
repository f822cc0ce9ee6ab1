import Control
import Foundation
import HTTP
import Logging
import NIOPosix
import RPC
import SluiceAPI
import Testing
import Transport
import Units

/// A control server with TLS on a real socket, and the ways to call it.
struct SecuredControl: Sendable {
    let port: Int
    let credentials: ControlCredentials

    /// Runs one for as long as the body takes.
    static func run(
        in folder: String,
        certificateLifetime: Duration = .seconds(3600),
        _ body: (SecuredControl) async throws -> Void
    ) async throws {
        let (ready, announce) = AsyncStream.makeStream(of: SecuredControl.self)
        var configuration = ControlConfiguration(
            dataDirectory: folder,
            host: "127.0.0.1",
            port: 0,
            leaseDuration: .seconds(5)
        )
        configuration.security = .tls(names: [], certificateLifetime: certificateLifetime)
        configuration.whenReady = { _, port, credentials in
            if let credentials { announce.yield(SecuredControl(port: port, credentials: credentials)) }
        }
        let server = ControlServer(configuration: configuration, logger: Logger(label: "test"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            var controls = ready.makeAsyncIterator()
            try await body(try #require(await controls.next()))
            group.cancelAll()
        }
    }

    /// A client with a user's token, or a node's identity, or neither.
    func client(token: String? = nil, identity: TLSIdentity? = nil) async throws -> RPCClient {
        let tls = try TLSClientContext(
            trust: .authorities(CertificateBundle(pem: credentials.authority)),
            identity: identity,
            requiredURI: NodeCertificateName.control
        )
        let http = try await HTTPClient.connect(
            host: "127.0.0.1",
            port: port,
            tls: tls,
            group: MultiThreadedEventLoopGroup.singleton
        )
        var metadata = RPCMetadata()
        if let token { try metadata.add("authorization", "Bearer \(token)") }
        return RPCClient(http: http, scheme: "https", authority: "test", metadata: metadata)
    }

    func admin() async throws -> RPCClient { try await client(token: credentials.adminToken) }

    /// A new token of that role.
    func token(_ name: String, _ role: AccessRole) async throws -> String {
        var request = CreateApiTokenRequest()
        var wanted = ApiToken()
        wanted.name = name
        wanted.role = role
        request.apiToken = wanted
        return try await ApiTokenServiceClient(admin()).createApiToken(request).token
    }

    /// A new join token.
    func joinToken(_ role: NodeRole, node: String = "", uses: UInt32 = 1) async throws -> String {
        var request = CreateJoinTokenRequest()
        var wanted = JoinToken()
        wanted.role = role
        wanted.node = node
        wanted.maxUses = uses
        request.joinToken = wanted
        return try await JoinTokenServiceClient(admin()).createJoinToken(request).token
    }

    /// Enrolls a key by hand, as any program could.
    func enroll(_ name: String, _ role: NodeRole, token: String, key: PrivateKey) async throws -> TLSIdentity {
        var request = EnrollRequest()
        request.joinToken = token
        request.name = name
        request.role = role
        request.certificateRequest = try CertificateRequest(key: key).pem
        let answer = try await EnrollmentServiceClient(client()).enroll(request)
        return TLSIdentity(certificate: try Certificate(pem: answer.certificate), key: key)
    }

    /// The status a call ends with; OK where it ends well.
    static func code(_ call: () async throws -> Void) async -> RPCStatusCode {
        do {
            try await call()
            return .ok
        } catch {
            return (error as? RPCError)?.code ?? .unknown
        }
    }
}
