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
}
