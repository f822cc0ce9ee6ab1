import Store
import Testing
import Units

/// Tokens, enrollments and the audit log: what every backend must do.
@Suite(.timeLimit(.minutes(2)))
struct AccessStoreTests {
    private func withStore(_ factory: StoreFactory, _ body: (any ControlStore) async throws -> Void) async throws {
        let folder = try ScratchFolder()
        let store = try await factory.open(folder.database)
        try await body(store)
        try await store.close()
        withExtendedLifetime(folder) {}
    }

    private func digest(_ byte: UInt8) -> [UInt8] { Array(repeating: byte, count: 32) }

    private func joinToken(_ name: String, _ byte: UInt8, node: NodeID? = nil, uses: UInt32 = 1) -> JoinTokenRecord {
        JoinTokenRecord(
            id: Samples.id(name),
            role: .agent,
            node: node,
            digest: digest(byte),
            maximumUses: uses,
            createdAt: 0,
            expiresAt: 100
        )
    }

    private func wanted(_ node: String, key: UInt8, role: NodeRecordRole = .agent) -> EnrollmentRecord {
        EnrollmentRecord(
            node: Samples.id(node),
            role: role,
            keyDigest: digest(key),
            token: Samples.id("j"),
            enrolledAt: 5
        )
    }

    @Test(arguments: StoreFactory.all)
    func `A single-use token lets one node in, and the same node again`(factory: StoreFactory) async throws {
        try await withStore(factory) { (store) async throws -> Void in
            try await store.createJoinToken(joinToken("j", 1), now: 0)
            #expect(try await store.enroll(tokenDigest: digest(9), now: 5, wanted("n1", key: 1)) == nil)
            let first = try await store.enroll(tokenDigest: digest(1), now: 5, wanted("n1", key: 1))
            #expect(first?.verdict == .admitted(countsUse: true))
            let again = try await store.enroll(tokenDigest: digest(1), now: 6, wanted("n1", key: 1))
            #expect(again?.verdict == .admitted(countsUse: false))
            let other = try await store.enroll(tokenDigest: digest(1), now: 7, wanted("n2", key: 2))
            #expect(other?.verdict == .spent)
            #expect(try await store.enrollments() == [wanted("n1", key: 1)])
            #expect(try await store.joinTokens(PageRequest()).records.map(\.uses) == [1])
        }
    }

    @Test(arguments: StoreFactory.all)
    func `Only a token for one node takes its name over, revoked or not`(factory: StoreFactory) async throws {
        try await withStore(factory) { (store) async throws -> Void in
            let node: NodeID = Samples.id("n1")
            try await store.createJoinToken(joinToken("j", 1, uses: 10), now: 0)
            try await store.createJoinToken(joinToken("k", 2, node: node), now: 0)
            _ = try await store.enroll(tokenDigest: digest(1), now: 5, wanted("n1", key: 1))
            try await store.revokeEnrollment(node, at: 8)
            try await store.revokeEnrollment(node, at: 9)
            #expect(try await store.enrollments().map(\.revokedAt) == [8])
            for key in [UInt8(1), 2] {
                let refused = try await store.enroll(tokenDigest: digest(1), now: 10, wanted("n1", key: key))
                #expect(refused?.verdict == .nameTaken)
            }
            let elsewhere = try await store.enroll(tokenDigest: digest(2), now: 10, wanted("n2", key: 2))
            #expect(elsewhere?.verdict == .otherNode)
            let back = try await store.enroll(tokenDigest: digest(2), now: 10, wanted("n1", key: 2))
            #expect(back?.verdict == .admitted(countsUse: true))
            #expect(try await store.enrollments().map(\.revokedAt) == [nil])
            let error = await #expect(throws: StoreError.self) {
                try await store.revokeEnrollment(Samples.id("n9"), at: 1)
            }
            #expect(error?.code == .notFound)
        }
    }

    @Test func `A token of the other role, and one that has ended, let nobody in`() {
        let token = joinToken("j", 1, uses: 2)
        #expect(token.verdict(on: wanted("n", key: 1, role: .relay), known: nil, now: 5) == .otherRole)
        #expect(token.verdict(on: wanted("n", key: 1), known: nil, now: 100) == .spent)
        #expect(token.verdict(on: wanted("n", key: 1), known: wanted("n", key: 1), now: 100) == .spent)
        #expect(token.verdict(on: wanted("n", key: 1), known: nil, now: 99) == .admitted(countsUse: true))
    }

    @Test func `A node comes back with another token and its own key, unless it was revoked`() {
        let token = joinToken("k", 2)
        var known = wanted("n", key: 1)
        #expect(token.verdict(on: wanted("n", key: 1), known: known, now: 5) == .admitted(countsUse: true))
        #expect(token.verdict(on: wanted("n", key: 2), known: known, now: 5) == .nameTaken)
        known.revokedAt = 4
        #expect(token.verdict(on: wanted("n", key: 1), known: known, now: 5) == .nameTaken)
    }

    @Test(arguments: StoreFactory.all)
    func `API tokens come back as they were, and ended join tokens go`(factory: StoreFactory) async throws {
        try await withStore(factory) { (store) async throws -> Void in
            let token = APITokenRecord(
                id: Samples.id("ci"),
                role: .operator,
                digest: digest(3),
                createdAt: 1,
                expiresAt: 2
            )
            let admin = APITokenRecord(id: Samples.id("admin"), role: .admin, digest: digest(4), createdAt: 1)
            try await store.createAPIToken(token, now: 0)
            try await store.createAPIToken(admin, now: 0)
            #expect(try await store.allAPITokens() == [admin, token])
            await #expect(throws: StoreError.self) { try await store.createAPIToken(token, now: 0) }
            try await store.deleteAPIToken(token.id)
            await #expect(throws: StoreError.self) { try await store.deleteAPIToken(token.id) }
            #expect(try await store.apiTokens(PageRequest()).records == [admin])
            try await store.createJoinToken(joinToken("j", 1), now: 0)
            try await store.createJoinToken(joinToken("k", 2), now: 100)
            #expect(try await store.joinTokens(PageRequest()).records.map(\.id) == [Samples.id("k")])
            try await store.deleteJoinToken(Samples.id("k"))
            await #expect(throws: StoreError.self) { try await store.deleteJoinToken(Samples.id("k")) }
        }
    }

    @Test(arguments: StoreFactory.all)
    func `The audit log is read newest first, page by page`(factory: StoreFactory) async throws {
        try await withStore(factory) { (store) async throws -> Void in
            for number in 1...5 {
                try await store.appendAudit(
                    AuditEntry(
                        time: Int64(number),
                        principal: "token/ci",
                        method: "m",
                        resource: "r\(number)",
                        outcome: "OK",
                        peer: "127.0.0.1"
                    )
                )
            }
            let first = try await store.auditEntries(PageRequest(size: 3))
            #expect(first.records.map(\.resource) == ["r5", "r4", "r3"] && first.records[0].sequence == 5)
            let second = try await store.auditEntries(PageRequest(size: 3, token: first.nextToken))
            #expect(second.records.map(\.resource) == ["r2", "r1"] && second.nextToken == nil)
        }
    }

    @Test(arguments: StoreFactory.all)
    func `API tokens that have ended make room`(factory: StoreFactory) async throws {
        try await withStore(factory) { (store) async throws -> Void in
            func token(_ number: Int, ends: Int64?) -> APITokenRecord {
                let digest = (0..<32).map { UInt8(truncatingIfNeeded: $0 < 8 ? number >> (8 * $0) : 0) }
                return APITokenRecord(
                    id: Samples.id("t\(number)"),
                    role: .viewer,
                    digest: digest,
                    createdAt: 0,
                    expiresAt: ends
                )
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<Limits.maximumAPITokens {
                    group.addTask { try await store.createAPIToken(token(number, ends: number == 0 ? 5 : nil), now: 0) }
                }
                try await group.waitForAll()
            }
            let error = await #expect(throws: StoreError.self) {
                try await store.createAPIToken(token(-1, ends: nil), now: 4)
            }
            #expect(error?.code == .limitReached)
            try await store.createAPIToken(token(-2, ends: nil), now: 5)
            #expect(try await store.allAPITokens().count == Limits.maximumAPITokens)
        }
    }

    @Test(arguments: StoreFactory.all)
    func `A key that was shut out comes in under no other name`(factory: StoreFactory) async throws {
        try await withStore(factory) { (store) async throws -> Void in
            try await store.createJoinToken(joinToken("j", 1, uses: 10), now: 0)
            try await store.createJoinToken(joinToken("k", 2, node: Samples.id("n1"), uses: 10), now: 0)
            func verdict(_ token: UInt8, _ name: String, key: UInt8) async throws -> EnrollmentVerdict? {
                try await store.enroll(tokenDigest: digest(token), now: 5, wanted(name, key: key))?.verdict
            }
            #expect(try await verdict(1, "n1", key: 1) == .admitted(countsUse: true))
            try await store.revokeEnrollment(Samples.id("n1"), at: 8)
            #expect(try await verdict(1, "n2", key: 1) == .keyRevoked)
            // Also once another key has the name.
            #expect(try await verdict(2, "n1", key: 2) == .admitted(countsUse: true))
            #expect(try await verdict(1, "n2", key: 1) == .keyRevoked)
            #expect(try await verdict(1, "n2", key: 3) == .admitted(countsUse: true))
            // An admin may let it in again under its own.
            #expect(try await verdict(2, "n1", key: 1) == .admitted(countsUse: true))
            #expect(try await verdict(1, "n4", key: 1) == .admitted(countsUse: true))
        }
    }

    @Test(arguments: StoreFactory.all)
    func `What is refused pushes nothing out of the audit log that was done`(factory: StoreFactory) async throws {
        try await withStore(factory) { (store) async throws -> Void in
            func entry(_ outcome: String) -> AuditEntry {
                AuditEntry(time: 0, principal: "token/v", method: "m", resource: "", outcome: outcome, peer: "")
            }
            try await store.appendAudit(entry("OK"))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<Limits.maximumAuditFailures + 2000 {
                    group.addTask { try await store.appendAudit(entry("PERMISSION_DENIED")) }
                }
                try await group.waitForAll()
            }
            var (done, refused, page) = (0, 0, PageRequest(size: 1000))
            while true {
                let found = try await store.auditEntries(page)
                done += found.records.count { $0.outcome == "OK" }
                refused += found.records.count { $0.outcome != "OK" }
                guard let next = found.nextToken else { break }
                page = PageRequest(size: 1000, token: next)
            }
            #expect(done == 1)
            #expect((Limits.maximumAuditFailures...Limits.maximumAuditFailures + 64).contains(refused))
        }
    }

    @Test(arguments: StoreFactory.all)
    func `Which certificate a node has is kept, and assumed where it is not known`(factory: StoreFactory) async throws {
        try await withStore(factory) { (store) async throws -> Void in
            try await store.createJoinToken(joinToken("j", 1, uses: 10), now: 0)
            for (name, key) in [("n1", UInt8(1)), ("n2", 2)] {
                _ = try await store.enroll(tokenDigest: digest(1), now: 5, wanted(name, key: key))
            }
            var third = wanted("n3", key: 3)
            (third.authority, third.certificateEndsAt) = (digest(9), 90)
            _ = try await store.enroll(tokenDigest: digest(1), now: 5, third)
            try await store.certificateShown(by: Samples.id("n1"), authority: digest(8), endsAt: 80)
            try await store.certificateShown(by: Samples.id("n9"), authority: digest(8), endsAt: 80)
            try await store.assumeCertificates(by: digest(7), endsAt: 70)
            let kept = try await store.enrollments()
            #expect(kept.map(\.authority) == [digest(8), digest(7), digest(9)])
            #expect(kept.map(\.certificateEndsAt) == [80, 70, 90])
        }
    }
}
