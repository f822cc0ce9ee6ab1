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

    private let authority = [UInt8](repeating: 1, count: 32)

    private func registry() -> AccessRegistry { AccessRegistry(clock: clock.clock, authorities: [authority]) }

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

    private func peer(
        _ node: String,
        role: NodeRole = .relay,
        key: [UInt8],
        notAfter: Int64 = 2000,
        by authority: [UInt8]? = nil
    ) throws -> PeerIdentity {
        let name = NodeCertificateName(node: try id(node), role: role)
        return PeerIdentity(
            uris: [name.uri],
            keyFingerprint: key,
            notAfter: notAfter,
            authority: authority ?? self.authority
        )
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
            PeerIdentity(uris: ["sluice://control"], keyFingerprint: key, notAfter: 2000, authority: authority),
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

    @Test func `what was begun with a certificate by an authority ends when that is trusted no more`() async throws {
        let registry = registry()
        let second = [UInt8](repeating: 2, count: 32)
        await registry.trust([authority, second])
        await registry.enrolled(try enrolled("relay-1", key: key))
        let principal = AccessPrincipal.node(try id("relay-1"), .relay)
        let old = await registry.callBegan(principal, endsAt: nil, authority: authority)
        let new = await registry.callBegan(principal, endsAt: nil, authority: second)
        let user = await registry.callBegan(.user(try id("ci"), .admin), endsAt: 1_000_001)
        await registry.trust([second])
        var reasons = old.end.makeAsyncIterator()
        #expect(await reasons.next()?.code == .unauthenticated)
        let refused = await #expect(throws: UserError.self) { try await registry.node(peer("relay-1", key: key)) }
        #expect(refused?.code == .unauthenticated)
        _ = try await registry.node(peer("relay-1", key: key, by: second))
        // The others go on: what ends them is another thing.
        await registry.nodeRevoked(try id("relay-1"))
        var others = new.end.makeAsyncIterator()
        #expect(await others.next()?.code == .permissionDenied)
        clock.set(1_000_001)
        await registry.sweep()
        var users = user.end.makeAsyncIterator()
        #expect(await users.next()?.sentence == "the caller's credentials have ended")
    }

    @Test func `who has a certificate by an authority is known by what was shown last`() async throws {
        let registry = registry()
        let second = [UInt8](repeating: 2, count: 32)
        await registry.trust([authority, second])
        func has(_ name: String, ends: Int64?, by authority: [UInt8]) async throws {
            var enrollment = try enrolled(name, key: key)
            (enrollment.authority, enrollment.certificateEndsAt) = (authority, ends)
            await registry.enrolled(enrollment)
        }
        func holders(_ authority: [UInt8]) async -> [Int] {
            let holders = await registry.holders(of: authority, grace: .seconds(600))
            return [holders.count, holders.lateCount]
        }
        try await has("good", ends: 1_000_001, by: authority)
        try await has("late", ends: 400_001, by: authority)
        try await has("gone", ends: 400_000, by: authority)
        try await has("unknown", ends: nil, by: authority)
        try await has("revoked", ends: 2_000_000, by: authority)
        await registry.nodeRevoked(try id("revoked"))
        try await has("other", ends: 2_000_000, by: second)
        #expect(await holders(authority) == [2, 1])
        #expect(await holders(second) == [1, 0])
        // One that has renewed, and still has a stream with the certificate of before.
        let call = await registry.callBegan(.node(try id("other"), .relay), endsAt: nil, authority: authority)
        #expect(await holders(authority) == [3, 1])
        await registry.callEnded(call.number)
        #expect(await holders(authority) == [2, 1])
        let shown = try peer("good", key: key, notAfter: 3000, by: second)
        #expect(await registry.isNew(shown, of: try id("good")))
        await registry.certificateShown(shown, by: try id("good"))
        #expect(await !registry.isNew(shown, of: try id("good")))
        #expect(await holders(authority) == [1, 1])
        #expect(await holders(second) == [2, 0])
    }

    @Test func `how many have certificates is said with some of their names`() throws {
        var holders = CertificateHolders()
        #expect(holders.text == nil)
        holders.add(try id("b"))
        #expect(holders.text == "a node has a certificate by it: b")
        holders.add(try id("a"))
        #expect(holders.text == "2 nodes have certificates by it: a, b")
        holders.addLate(try id("c"))
        holders.addLate(try id("d"))
        #expect(
            holders.text
                == "2 of the nodes have certificates by it, and 2 could still renew one that has ended: a, b, c, …"
        )
    }
}
