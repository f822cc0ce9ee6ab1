internal import GRDB
package import Units

extension SQLiteStore {
    package func createDistribution(
        blob: BlobRecord,
        distribution: DistributionRecord,
        tasks: [TaskRecord]
    ) async throws(StoreError) -> DistributionCreation {
        precondition(distribution.blob == blob.id, "the distribution sends another blob")
        return try await write { database in
            if let known = try Self.distribution(database, requestID: distribution.requestID) {
                guard let blob = try Self.blob(database, known.blob) else {
                    throw StoreError(.corrupt, "the blob of a distribution is gone")
                }
                return DistributionCreation(distribution: known, blob: blob, isNew: false)
            }
            let origin = distribution.origin.text
            let sql = "SELECT EXISTS (SELECT 1 FROM origin WHERE id = ?)"
            guard try Bool.fetchOne(database, sql: sql, arguments: [origin]) == true else {
                throw StoreError(.conflict, "the origin is not registered")
            }
            let stored = try Self.insertUnlessKnown(database, blob)
            try Self.insert(database, distribution)
            precondition(
                tasks.allSatisfy { $0.distribution == distribution.id },
                "a task belongs to another distribution"
            )
            try Self.insert(database, tasks)
            return DistributionCreation(distribution: distribution, blob: stored, isNew: true)
        }
    }

    package func distribution(_ id: DistributionID) async throws(StoreError) -> DistributionRecord? {
        try await read { database in
            try Row.fetchOne(database, sql: "SELECT * FROM distribution WHERE id = ?", arguments: [id.text])
                .map { try DistributionRecord(row: $0) }
        }
    }

    package func distribution(requestID: String) async throws(StoreError) -> DistributionRecord? {
        try await read { try Self.distribution($0, requestID: requestID) }
    }

    package func distributions(_ page: PageRequest) async throws(StoreError) -> Page<DistributionRecord> {
        let after = try page.token.map { text throws(StoreError) in try PageToken(text: text) }
        return try await read { database in
            let sql = """
                SELECT * FROM distribution WHERE (created_at, id) < (?, ?)
                ORDER BY created_at DESC, id DESC LIMIT ?
                """
            // "~" sorts after every character of an id.
            let start = after ?? PageToken(time: .max, id: "~")
            let rows = try Row.fetchAll(database, sql: sql, arguments: [start.time, start.id, page.size + 1])
            return Page(try rows.map { try DistributionRecord(row: $0) }, size: page.size) {
                PageToken(time: $0.createdAt, id: $0.id.text)
            }
        }
    }

    package func activeDistributions() async throws(StoreError) -> [DistributionRecord] {
        try await read { database in
            let sql = "SELECT * FROM distribution WHERE state IN ('pending', 'running') ORDER BY created_at, id"
            return try Row.fetchAll(database, sql: sql).map { try DistributionRecord(row: $0) }
        }
    }

    @discardableResult
    package func updateDistribution(
        _ id: DistributionID,
        state: DistributionRecordState,
        failure: String,
        endedAt: Int64?
    ) async throws(StoreError) -> Bool {
        try await write { try Self.update($0, id, state, failure, endedAt) }
    }

    package func endDistribution(
        _ id: DistributionID,
        as state: DistributionRecordState,
        failure: String,
        at time: Int64,
        tasks: [TaskUpdate]
    ) async throws(StoreError) -> Bool {
        try await write { database in
            guard try Self.update(database, id, state, failure, time) else { return false }
            _ = try Self.update(database, tasks)
            return true
        }
    }

    /// False where it has ended already.
    private static func update(
        _ database: Database,
        _ id: DistributionID,
        _ state: DistributionRecordState,
        _ failure: String,
        _ endedAt: Int64?
    ) throws -> Bool {
        try database.execute(
            sql: """
                UPDATE distribution SET state = ?, failure = ?, ended_at = ?
                WHERE id = ? AND state IN ('pending', 'running')
                """,
            arguments: [state.rawValue, failure, endedAt, id.text]
        )
        if database.changesCount == 1 { return true }
        let sql = "SELECT EXISTS (SELECT 1 FROM distribution WHERE id = ?)"
        guard try Bool.fetchOne(database, sql: sql, arguments: [id.text]) == true else {
            throw StoreError(.notFound, "there is no such distribution")
        }
        return false
    }

    private static func distribution(_ database: Database, requestID: String) throws -> DistributionRecord? {
        guard !requestID.isEmpty else { return nil }
        return try Row.fetchOne(
            database,
            sql: "SELECT * FROM distribution WHERE request_id = ?",
            arguments: [requestID]
        ).map { try DistributionRecord(row: $0) }
    }

    private static func insert(_ database: Database, _ record: DistributionRecord) throws {
        try database.execute(
            sql: """
                INSERT INTO distribution
                (id, request_id, blob, origin, "order", state, failure, priority, created_at, ended_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                record.id.text, record.requestID.isEmpty ? nil : record.requestID, record.blob.column,
                record.origin.text, try record.order.column, record.state.rawValue, record.failure,
                Int64(record.priority), record.createdAt, record.endedAt,
            ]
        )
    }
}

extension DistributionRecord {
    fileprivate init(row: Row) throws {
        self.init(
            id: try row.id("id"),
            requestID: try (row.column("request_id") as String?) ?? "",
            blob: try row.fixed("blob"),
            origin: try row.id("origin"),
            order: try row.bytes("order"),
            state: try row.named("state"),
            failure: try row.text("failure"),
            priority: try row.unsigned32("priority"),
            createdAt: try row.integer("created_at"),
            endedAt: try row.column("ended_at") as Int64?
        )
    }
}
