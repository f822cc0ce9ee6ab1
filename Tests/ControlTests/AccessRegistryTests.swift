import HTTP
import SluiceAPI
import Store
import Synchronization
import Testing
import Transport
import Units

@testable import Control

/// Tokens and certificates against a clock that the test sets.
@Suite(.timeLimit(.minutes(1))) struct AccessRegistryTests {
    private final class TestClock: Sendable {
        let now = Mutex<Int64>(1_000_000)
        var clock: WallClock { WallClock { self.now.withLock { $0 } } }
        func set(_ time: Int64) { now.withLock { $0 = time } }
    }

    private let clock = TestClock()
    private let key = [UInt8](repeating: 7, count: 32)

    private func registry() -> AccessRegistry { AccessRegistry(clock: clock.clock) }

    private func id<Resource>(_ text: String) throws -> ResourceID<Resource> { try #require(ResourceID(text)) }

    private func token(_ name: String, _ role: AccessRoleRecord, expires: Int64? = nil) throws -> (
        String, APITokenRecord
    ) {
        var generator = SystemRandomNumberGenerator()
        let text = APITokenText(using: &generator)
        let record = APITokenRecord(
            id: try id(name),
            role: role,
            digest: AccessDigest.of(text.secret),
            createdAt: 0,
            expiresAt: expires
        )
        return (text.text, record)
    }

    private func peer(_ node: String, role: NodeRole = .relay, key: [UInt8], notAfter: Int64 = 2000) throws
        -> PeerIdentity
    {
        let name = NodeCertificateName(node: try id(node), role: role)
        return PeerIdentity(uris: [name.uri], keyFingerprint: key, notAfter: notAfter)
    }

    private func enrolled(_ node: String, key: [UInt8]) throws -> EnrollmentRecord {
        EnrollmentRecord(node: try id(node), role: .relay, keyDigest: key, token: try id("j"), enrolledAt: 0)
    }

    @Test func `a token is its bearer's until it ends or is revoked, and no other text is`() async throws {
        let registry = registry()
        let (text, record) = try token("ci", .operator, expires: 1_000_100)
        await registry.tokenMade(record)
        #expect(try await registry.user(bearing: text).principal == .user(record.id, .operator))
        let (other, _) = try token("other", .admin)
        for wrong in [other, text + "A", String(text.dropLast()), "", "sluice_api_"] {
            await #expect(throws: UserError.self) { try await registry.user(bearing: wrong) }
        }
        clock.set(1_000_100)
        await #expect(throws: UserError.self) { try await registry.user(bearing: text) }
        clock.set(1_000_000)
        await registry.tokenRemoved(record.id)
        await #expect(throws: UserError.self) { try await registry.user(bearing: text) }
    }

    @Test func `a node is heard by the key it is enrolled with alone, until five minutes after its end`() async throws {
        let registry = registry()
        await registry.enrolled(try enrolled("relay-1", key: key))
        #expect(
            try await registry.node(peer("relay-1", key: key)).principal == .node(try id("relay-1"), .relay)
        )
        let other = [UInt8](repeating: 8, count: 32)
        let wrong = try [
            nil, peer("relay-1", key: other), peer("relay-1", role: .agent, key: key), peer("relay-2", key: key),
            PeerIdentity(uris: ["sluice://control"], keyFingerprint: key, notAfter: 2000),
        ]
        for peer in wrong { await #expect(throws: UserError.self) { try await registry.node(peer) } }
        clock.set(2_299_999)
        _ = try await registry.node(peer("relay-1", key: key))
        clock.set(2_300_000)
        await #expect(throws: UserError.self) { try await registry.node(peer("relay-1", key: key)) }
    }

    @Test func `calls under way end when their right to be does, and others go on`() async throws {
        let registry = registry()
        await registry.enrolled(try enrolled("relay-1", key: key))
        await registry.enrolled(try enrolled("relay-2", key: key))
        let first = await registry.callBegan(.node(try id("relay-1"), .relay), endsAt: nil)
        let second = await registry.callBegan(.node(try id("relay-2"), .relay), endsAt: 1_500_000)
        await registry.nodeRevoked(try id("relay-1"))
        var reasons = first.end.makeAsyncIterator()
        #expect(await reasons.next()?.code == .permissionDenied)
        await #expect(throws: UserError.self) { try await registry.node(peer("relay-1", key: key)) }
        await registry.sweep()
        clock.set(1_500_000)
        await registry.sweep()
        var ends = second.end.makeAsyncIterator()
        #expect(await ends.next()?.code == .unauthenticated)
        await registry.callEnded(first.number)
        await registry.callEnded(second.number)
    }

    @Test func `a name that is enrolled with another key ends what the first key had open`() async throws {
        let registry = registry()
        await registry.enrolled(try enrolled("relay-1", key: key))
        let call = await registry.callBegan(.node(try id("relay-1"), .relay), endsAt: nil)
        let other = [UInt8](repeating: 8, count: 32)
        await registry.enrolled(try enrolled("relay-1", key: other))
        var reasons = call.end.makeAsyncIterator()
        #expect(await reasons.next() != nil)
        await #expect(throws: UserError.self) { try await registry.node(peer("relay-1", key: key)) }
        _ = try await registry.node(peer("relay-1", key: other))
    }
}
