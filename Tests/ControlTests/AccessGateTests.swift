import HTTP
import Logging
import RPC
import SluiceAPI
import Store
import Testing
import Transport
import Units

@testable import Control

/// The gate around a call that goes on for ever.
@Suite(.timeLimit(.minutes(1))) struct AccessGateTests {
    private let watch = "/sluice.v1.DistributionService/WatchDistribution"

    /// A gate that knows one token, on a store in a scratch file.
    private func withGate(
        _ role: AccessRoleRecord,
        _ body: (AccessGate, APITokenRecord, _ bearer: RPCMetadata) async throws -> Void
    ) async throws {
        try await withTemporaryStore { store in
            let registry = AccessRegistry(clock: .system)
            var generator = SystemRandomNumberGenerator()
            let text = APITokenText(using: &generator)
            let record = APITokenRecord(
                id: try #require(APITokenID("ci")),
                role: role,
                digest: AccessDigest.of(text.secret),
                createdAt: 0
            )
            await registry.tokenMade(record)
            let gate = AccessGate(
                registry: registry,
                isGuarded: true,
                store: store,
                clock: .system,
                lasting: [watch],
                logger: Logger(label: "test")
            )
            var metadata = RPCMetadata()
            try metadata.add("authorization", "bearer \(text.text)")
            try await body(gate, record, metadata)
        }
    }

    @Test func `a watch ends within a second when its bearer's token is revoked`() async throws {
        try await withGate(.viewer) { gate, token, bearer in
            let context = RPCServerContext(path: watch, metadata: bearer)
            let (begun, begin) = AsyncStream.makeStream(of: AccessPrincipal.self)
            let call = Task {
                try await gate.pass(context) {
                    begin.yield(AccessPrincipal.current)
                    let (never, _) = AsyncStream.makeStream(of: Void.self)
                    for await _ in never {}
                    try Task.checkCancellation()
                }
            }
            var principals = begun.makeAsyncIterator()
            #expect(await principals.next() == .user(token.id, .viewer))
            let start = ContinuousClock.now
            await gate.registry.tokenRemoved(token.id)
            let error = await #expect(throws: UserError.self) { try await call.value }
            #expect(error?.code == .unauthenticated)
            #expect(ContinuousClock.now - start < .seconds(1))
        }
    }

    @Test func `a caller who goes away cannot keep what it did out of the audit log`() async throws {
        try await withGate(.admin) { gate, _, bearer in
            let context = RPCServerContext(path: "/sluice.v1.OriginService/CreateOrigin", metadata: bearer)
            let (begun, begin) = AsyncStream.makeStream(of: Void.self)
            let call = Task {
                try await gate.pass(context) {
                    begin.yield()
                    let (never, _) = AsyncStream.makeStream(of: Void.self)
                    for await _ in never {}
                }
            }
            var beginnings = begun.makeAsyncIterator()
            await beginnings.next()
            call.cancel()
            try await call.value
            let entries = try await gate.store.auditEntries(PageRequest()).records
            #expect(entries.map(\.principal) == ["token/ci"])
            #expect(entries.map(\.method) == ["sluice.v1.OriginService/CreateOrigin"])
        }
    }

    @Test(
        arguments: [
            (.diskFull, .resourceExhausted), (.busy, .unavailable), (.conflict, .aborted), (.corrupt, .dataLoss),
            (.inputOutput, .dataLoss), (.cancelled, .cancelled), (.internalFailure, .internal),
            (.limitReached, .resourceExhausted), (.invalidArgument, .invalidArgument),
        ] as [(StoreError.Code, UserError.Code)]
    )
    func `what the store does not do has a clear status`(code: StoreError.Code, expected: UserError.Code) async throws {
        try await withGate(.admin) { gate, _, bearer in
            let context = RPCServerContext(path: "/sluice.v1.OriginService/CreateOrigin", metadata: bearer)
            let error = await #expect(throws: UserError.self) {
                try await gate.pass(context) { throw StoreError(code, "table x: secret detail") }
            }
            #expect(error?.code == expected)
            if ![.aborted, .cancelled, .invalidArgument, .resourceExhausted].contains(expected) {
                #expect(error?.description.contains("detail") == false)
            }
            let outcomes = try await gate.store.auditEntries(PageRequest()).records.map(\.outcome)
            #expect(outcomes == [RPCError(thrown: UserError(expected, "")).code.name])
        }
    }

    @Test func `a certificate that has ended is good for a new one for a while, and for nothing else`() async throws {
        try await withTemporaryStore { store in
            let clock = WallClock { 10_000_000_000 }
            let authority = [UInt8](repeating: 1, count: 32)
            let registry = AccessRegistry(clock: clock, authorities: [authority])
            let (node, key) = (try #require(NodeID("relay-1")), [UInt8](repeating: 7, count: 32))
            let token = try #require(JoinTokenID("j"))
            await registry.enrolled(
                EnrollmentRecord(node: node, role: .relay, keyDigest: key, token: token, enrolledAt: 0)
            )
            let gate = AccessGate(
                registry: registry,
                isGuarded: true,
                store: store,
                clock: clock,
                lasting: [],
                renewalGrace: .seconds(1000),
                logger: Logger(label: "test")
            )
            func isHeard(_ path: String, endedAgo: Int64) async -> Bool {
                let name = NodeCertificateName(node: node, role: .relay)
                let peer = PeerIdentity(
                    uris: [name.uri],
                    keyFingerprint: key,
                    notAfter: 10_000_000 - endedAgo,
                    authority: authority
                )
                do {
                    try await gate.pass(RPCServerContext(path: path, peer: peer)) {}
                    return true
                } catch {
                    return false
                }
            }
            let stream = "/sluice.v1.NodeStreamService/Connect"
            #expect(await isHeard(AccessTable.renewal, endedAgo: 999))
            #expect(await !isHeard(AccessTable.renewal, endedAgo: 1001))
            #expect(await isHeard(stream, endedAgo: 299))
            #expect(await !isHeard(stream, endedAgo: 999))
        }
    }

    @Test func `the certificate that a node shows is stored, once`() async throws {
        try await withTemporaryStore { store in
            let authority = [UInt8](repeating: 1, count: 32)
            let (node, key) = (try #require(NodeID("relay-1")), [UInt8](repeating: 7, count: 32))
            let token = JoinTokenRecord(
                id: try #require(JoinTokenID("j")),
                role: .relay,
                digest: key,
                maximumUses: 1,
                createdAt: 0,
                expiresAt: .max
            )
            try await store.createJoinToken(token, now: 0)
            let enrollment = EnrollmentRecord(node: node, role: .relay, keyDigest: key, token: token.id, enrolledAt: 0)
            _ = try await store.enroll(tokenDigest: key, now: 0, enrollment)
            let registry = AccessRegistry(clock: WallClock { 1_000_000 }, authorities: [authority])
            try await registry.load(store)
            let gate = AccessGate(
                registry: registry,
                isGuarded: true,
                store: store,
                clock: .system,
                lasting: [],
                logger: Logger(label: "test")
            )
            let uri = NodeCertificateName(node: node, role: .relay).uri
            let peer = PeerIdentity(uris: [uri], keyFingerprint: key, notAfter: 2000, authority: authority)
            let context = RPCServerContext(path: "/sluice.v1.NodeStreamService/Connect", peer: peer)
            try await gate.pass(context) {}
            let stored = try await store.enrollments()
            #expect(stored.map(\.authority) == [authority] && stored.map(\.certificateEndsAt) == [2_000_000])
            #expect(await !registry.isNew(peer, of: node))
            // What does not have to be stored does not need the store.
            try await store.close()
            try await gate.pass(context) {}
        }
    }
}
