internal import GRDB
package import Units

extension SQLiteStore {
    @discardableResult
    package func addUsage(_ entries: [UsageEntry]) async throws(StoreError) -> Int {
        guard !entries.isEmpty else { return 0 }
        return try await write { database in
            let advance = try database.cachedStatement(
                sql: """
                    INSERT INTO usage_sequence (node, sequence) VALUES (?, ?)
                    ON CONFLICT (node) DO UPDATE SET sequence = excluded.sequence WHERE excluded.sequence > sequence
                    """
            )
            let add = try database.cachedStatement(
                sql: """
                    INSERT INTO ledger (origin, node, distribution, reason, bytes) VALUES (?, ?, ?, ?, ?)
                    ON CONFLICT (origin, node, distribution, reason) DO UPDATE SET
                    bytes = CASE WHEN bytes > 9223372036854775807 - excluded.bytes THEN 9223372036854775807
                    ELSE bytes + excluded.bytes END
                    """
            )
            var added = 0
            for entry in entries {
                try advance.execute(arguments: [entry.node.text, entry.sequence.column])
                guard database.changesCount == 1 else { continue }
                try add.execute(arguments: [
                    entry.origin.text, entry.node.text, entry.distribution.text, entry.reason.rawValue,
                    entry.bytes.rawValue.column,
                ])
                added += 1
            }
            return added
        }
    }

    package func mayUse(
        _ origin: OriginID,
        node: NodeID,
        for distribution: DistributionID
    ) async throws(StoreError) -> Bool {
        // By the cheapest index first: a hundred thousand others can have a task of it, too.
        let sql = """
            SELECT EXISTS (SELECT 1 FROM ledger WHERE origin = ?1 AND node = ?2 AND distribution = ?3)
            OR EXISTS (SELECT 1 FROM distribution WHERE id = ?3 AND origin = ?1) AND (
                EXISTS (SELECT 1 FROM task WHERE node = ?2 AND distribution = ?3
                    AND (state IN ('pending', 'running') OR acknowledged_revision < revision))
                OR EXISTS (SELECT 1 FROM task WHERE distribution = ?3 AND node = ?2))
            """
        return try await readFew { database in
            let arguments: StatementArguments = [origin.text, node.text, distribution.text]
            return try Bool.fetchOne(database, sql: sql, arguments: arguments) ?? false
        }
    }

    package func lastUsageSequence(of node: NodeID) async throws(StoreError) -> UInt64 {
        try await read { database in
            let sql = "SELECT sequence FROM usage_sequence WHERE node = ?"
            return try Row.fetchOne(database, sql: sql, arguments: [node.text])?.unsigned("sequence") ?? 0
        }
    }

    package func ledger(of origin: OriginID) async throws(StoreError) -> [LedgerRecord] {
        try await ledger(where: "origin = ?", origin.text)
    }

    package func ledger(of distribution: DistributionID) async throws(StoreError) -> [LedgerRecord] {
        try await ledger(where: "distribution = ?", distribution.text)
    }

    private func ledger(where condition: String, _ value: String) async throws(StoreError) -> [LedgerRecord] {
        try await read { database in
            let sql = "SELECT * FROM ledger WHERE \(condition) ORDER BY node, origin, distribution, reason"
            return try Row.fetchAll(database, sql: sql, arguments: [value]).map { row in
                LedgerRecord(
                    origin: try row.id("origin"),
                    node: try row.id("node"),
                    distribution: try row.id("distribution"),
                    reason: try row.named("reason"),
                    bytes: ByteCount(rawValue: try row.unsigned("bytes"))
                )
            }
        }
    }
}
