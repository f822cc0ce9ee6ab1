internal import Foundation
internal import GRDB
package import Units

extension SQLiteStore {
    package func createAPIToken(_ token: APITokenRecord, now: Int64) async throws(StoreError) {
        try await write { database in
            try database.execute(sql: "DELETE FROM api_token WHERE expires_at <= ?", arguments: [now])
            try Self.checkCount(database, of: "api_token", below: Limits.maximumAPITokens)
            try database.execute(
                sql: "INSERT INTO api_token (id, role, digest, created_at, expires_at) VALUES (?, ?, ?, ?, ?)",
                arguments: [token.id.text, token.role.rawValue, Data(token.digest), token.createdAt, token.expiresAt]
            )
        }
    }

    package func deleteAPIToken(_ id: APITokenID) async throws(StoreError) {
        try await write { database in
            try database.execute(sql: "DELETE FROM api_token WHERE id = ?", arguments: [id.text])
            guard database.changesCount == 1 else { throw StoreError(.notFound, "there is no such token") }
        }
    }

    package func apiTokens(_ page: PageRequest) async throws(StoreError) -> Page<APITokenRecord> {
        let after = try page.token.map { text throws(StoreError) in try PageToken(text: text) }?.id ?? ""
        return try await read { database in
            let sql = "SELECT * FROM api_token WHERE id > ? ORDER BY id LIMIT ?"
            let rows = try Row.fetchAll(database, sql: sql, arguments: [after, page.size + 1])
            return Page(try rows.map { try APITokenRecord(row: $0) }, size: page.size) { PageToken(id: $0.id.text) }
        }
    }

    package func allAPITokens() async throws(StoreError) -> [APITokenRecord] {
        try await read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM api_token ORDER BY id").map { try APITokenRecord(row: $0) }
        }
    }

    package func createJoinToken(_ token: JoinTokenRecord, now: Int64) async throws(StoreError) {
        try await write { database in
            // What has ended is of no use to anybody: it goes as new ones come.
            try database.execute(sql: "DELETE FROM join_token WHERE expires_at <= ?", arguments: [now])
            try Self.checkCount(database, of: "join_token", below: Limits.maximumJoinTokens)
            try database.execute(
                sql: """
                    INSERT INTO join_token (id, role, node, digest, maximum_uses, uses, created_at, expires_at)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    token.id.text, token.role.rawValue, token.node?.text, Data(token.digest), token.maximumUses,
                    token.uses, token.createdAt, token.expiresAt,
                ]
            )
        }
    }

    package func deleteJoinToken(_ id: JoinTokenID) async throws(StoreError) {
        try await write { database in
            try database.execute(sql: "DELETE FROM join_token WHERE id = ?", arguments: [id.text])
            guard database.changesCount == 1 else { throw StoreError(.notFound, "there is no such token") }
        }
    }

    package func joinTokens(_ page: PageRequest) async throws(StoreError) -> Page<JoinTokenRecord> {
        let after = try page.token.map { text throws(StoreError) in try PageToken(text: text) }?.id ?? ""
        return try await read { database in
            let sql = "SELECT * FROM join_token WHERE id > ? ORDER BY id LIMIT ?"
            let rows = try Row.fetchAll(database, sql: sql, arguments: [after, page.size + 1])
            return Page(try rows.map { try JoinTokenRecord(row: $0) }, size: page.size) { PageToken(id: $0.id.text) }
        }
    }

    private static func checkCount(_ database: Database, of table: String, below limit: Int) throws {
        guard try Int.fetchOne(database, sql: "SELECT count(*) FROM \(table)") ?? 0 < limit else {
            throw StoreError(.limitReached, "there are \(limit) tokens already")
        }
    }

    package func joinToken(digest: [UInt8]) async throws(StoreError) -> JoinTokenRecord? {
        try await readFew { try Self.joinToken($0, digest) }
    }

    private static func joinToken(_ database: Database, _ digest: [UInt8]) throws -> JoinTokenRecord? {
        try Row.fetchOne(database, sql: "SELECT * FROM join_token WHERE digest = ?", arguments: [Data(digest)])
            .map { try JoinTokenRecord(row: $0) }
    }

    /// Whether a node was shut out with this key, under whatever name.
    private static func isRevoked(_ database: Database, _ key: [UInt8]) throws -> Bool {
        let sql = "SELECT EXISTS (SELECT 1 FROM revoked_key WHERE digest = ?)"
        return try Bool.fetchOne(database, sql: sql, arguments: [Data(key)]) ?? false
    }

    package func enroll(
        tokenDigest: [UInt8],
        now: Int64,
        _ wanted: EnrollmentRecord
    ) async throws(StoreError) -> (token: JoinTokenRecord, verdict: EnrollmentVerdict)? {
        try await write { database in
            guard let token = try Self.joinToken(database, tokenDigest) else { return nil }
            let byNode = "SELECT * FROM enrollment WHERE node = ?"
            let known = try Row.fetchOne(database, sql: byNode, arguments: [wanted.node.text])
                .map { try EnrollmentRecord(row: $0) }
            var verdict = token.verdict(on: wanted, known: known, now: now)
            // A token for this very node lets its key in again; no other does.
            if case .admitted = verdict, token.node != wanted.node, try Self.isRevoked(database, wanted.keyDigest) {
                verdict = .keyRevoked
            }
            if case .admitted(countsUse: true) = verdict {
                try database.execute(
                    sql: "DELETE FROM revoked_key WHERE digest = ?",
                    arguments: [Data(wanted.keyDigest)]
                )
                try database.execute(
                    sql: "UPDATE join_token SET uses = uses + 1 WHERE id = ?",
                    arguments: [token.id.text]
                )
                try database.execute(
                    sql: """
                        INSERT OR REPLACE INTO enrollment
                        (node, role, key_digest, token, enrolled_at, revoked_at, authority, certificate_ends_at)
                        VALUES (?, ?, ?, ?, ?, NULL, ?, ?)
                        """,
                    arguments: [
                        wanted.node.text, wanted.role.rawValue, Data(wanted.keyDigest), token.id.text, now,
                        wanted.authority.map { Data($0) }, wanted.certificateEndsAt,
                    ]
                )
            }
            return (token, verdict)
        }
    }

    package func enrollments() async throws(StoreError) -> [EnrollmentRecord] {
        try await read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM enrollment ORDER BY node")
                .map { try EnrollmentRecord(row: $0) }
        }
    }

    package func revokeEnrollment(_ node: NodeID, at time: Int64) async throws(StoreError) {
        try await write { database in
            try database.execute(
                sql: "UPDATE enrollment SET revoked_at = coalesce(revoked_at, ?) WHERE node = ?",
                arguments: [time, node.text]
            )
            guard database.changesCount == 1 else { throw StoreError(.notFound, "no such node is enrolled") }
            try database.execute(
                sql: "INSERT OR IGNORE INTO revoked_key (digest) SELECT key_digest FROM enrollment WHERE node = ?",
                arguments: [node.text]
            )
        }
    }

    package func certificateShown(by node: NodeID, authority: [UInt8], endsAt: Int64) async throws(StoreError) {
        try await write { database in
            try database.execute(
                sql: "UPDATE enrollment SET authority = ?, certificate_ends_at = ? WHERE node = ?",
                arguments: [Data(authority), endsAt, node.text]
            )
        }
    }

    package func assumeCertificates(by authority: [UInt8], endsAt: Int64) async throws(StoreError) {
        try await write { database in
            try database.execute(
                sql: "UPDATE enrollment SET authority = ?, certificate_ends_at = ? WHERE authority IS NULL",
                arguments: [Data(authority), endsAt]
            )
        }
    }

    package func appendAudit(_ entry: AuditEntry) async throws(StoreError) {
        try await write { database in
            try database.execute(
                sql: """
                    INSERT INTO audit (time, principal, method, resource, outcome, peer) VALUES (?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    entry.time, entry.principal, entry.method, entry.resource, entry.outcome, entry.peer,
                ]
            )
            guard database.lastInsertedRowID.isMultiple(of: Limits.auditEntriesBetweenCounts) else { return }
            try Self.dropOldest(database, where: "outcome = 'OK'", beyond: Limits.maximumAuditEntries)
            try Self.dropOldest(database, where: "outcome <> 'OK'", beyond: Limits.maximumAuditFailures)
        }
    }

    private static func dropOldest(_ database: Database, where kind: String, beyond most: Int) throws {
        try database.execute(
            sql: """
                DELETE FROM audit WHERE \(kind) AND sequence <=
                (SELECT sequence FROM audit WHERE \(kind) ORDER BY sequence DESC LIMIT 1 OFFSET ?)
                """,
            arguments: [most]
        )
    }

    package func auditEntries(_ page: PageRequest) async throws(StoreError) -> Page<AuditEntry> {
        let token = try page.token.map { text throws(StoreError) in try PageToken(text: text) }?.id
        let before = token.flatMap { Int64($0) } ?? .max
        return try await read { database in
            let sql = "SELECT * FROM audit WHERE sequence < ? ORDER BY sequence DESC LIMIT ?"
            let rows = try Row.fetchAll(database, sql: sql, arguments: [before, page.size + 1])
            return Page(try rows.map { try AuditEntry(row: $0) }, size: page.size) {
                PageToken(id: "\($0.sequence)")
            }
        }
    }
}

extension APITokenRecord {
    fileprivate init(row: Row) throws {
        self.init(
            id: try row.id("id"),
            role: try row.named("role"),
            digest: try row.bytes("digest"),
            createdAt: try row.integer("created_at"),
            expiresAt: row["expires_at"]
        )
    }
}

extension JoinTokenRecord {
    fileprivate init(row: Row) throws {
        let node: String? = row["node"]
        self.init(
            id: try row.id("id"),
            role: try row.named("role"),
            node: node == nil ? nil : try row.id("node"),
            digest: try row.bytes("digest"),
            maximumUses: try row.unsigned32("maximum_uses"),
            uses: try row.unsigned32("uses"),
            createdAt: try row.integer("created_at"),
            expiresAt: try row.integer("expires_at")
        )
    }
}

extension EnrollmentRecord {
    fileprivate init(row: Row) throws {
        self.init(
            node: try row.id("node"),
            role: try row.named("role"),
            keyDigest: try row.bytes("key_digest"),
            token: try row.id("token"),
            enrolledAt: try row.integer("enrolled_at"),
            revokedAt: row["revoked_at"],
            authority: (row["authority"] as Data?).map { Array($0) },
            certificateEndsAt: row["certificate_ends_at"]
        )
    }
}

extension AuditEntry {
    fileprivate init(row: Row) throws {
        self.init(
            sequence: try row.unsigned("sequence"),
            time: try row.integer("time"),
            principal: try row.text("principal"),
            method: try row.text("method"),
            resource: try row.text("resource"),
            outcome: try row.text("outcome"),
            peer: try row.text("peer")
        )
    }
}
