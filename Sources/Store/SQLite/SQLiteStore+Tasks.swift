internal import GRDB
package import Units

extension SQLiteStore {
    package func createTasks(_ tasks: [TaskRecord]) async throws(StoreError) {
        guard !tasks.isEmpty else { return }
        try await write { database in
            for task in tasks { try Self.insert(database, task) }
        }
    }

    @discardableResult
    package func updateTasks(_ updates: [TaskUpdate]) async throws(StoreError) -> Int {
        guard !updates.isEmpty else { return 0 }
        return try await write { database in
            let select = try database.cachedStatement(sql: "SELECT * FROM task WHERE id = ?")
            let acknowledge = try database.cachedStatement(
                sql: "UPDATE task SET acknowledged_revision = max(acknowledged_revision, min(?, revision)) WHERE id = ?"
            )
            var found = 0
            for update in updates {
                if let applied = update.acknowledgedRevision,
                    update == TaskUpdate(id: update.id, acknowledgedRevision: applied)
                {
                    try acknowledge.execute(arguments: [applied.rawValue.column, update.id.text])
                    found += database.changesCount
                    continue
                }
                guard let row = try Row.fetchOne(select, arguments: [update.id.text]) else { continue }
                found += 1
                let stored = try TaskRecord(row: row)
                let changed = stored.applying(update)
                if changed != stored { try Self.replace(database, changed) }
            }
            return found
        }
    }

    package func task(_ id: TaskID) async throws(StoreError) -> TaskRecord? {
        try await readFew { try Self.tasks($0, sql: "SELECT * FROM task WHERE id = ?", [id.text]).first }
    }

    package func tasks(of distribution: DistributionID) async throws(StoreError) -> [TaskRecord] {
        let sql = "SELECT * FROM task WHERE distribution = ? ORDER BY id"
        return try await read { try Self.tasks($0, sql: sql, [distribution.text]) }
    }

    package func openTasks(of node: NodeID) async throws(StoreError) -> [TaskRecord] {
        let sql = """
            SELECT * FROM task
            WHERE node = ? AND (state IN ('pending', 'running') OR acknowledged_revision < revision) ORDER BY id
            """
        return try await readFew { try Self.tasks($0, sql: sql, [node.text]) }
    }

    package func activeTasks() async throws(StoreError) -> [TaskRecord] {
        let sql = """
            SELECT task.* FROM task JOIN distribution ON distribution.id = task.distribution
            WHERE distribution.state IN ('pending', 'running') ORDER BY task.id
            """
        return try await read { try Self.tasks($0, sql: sql, []) }
    }

    private static func tasks(_ database: Database, sql: String, _ arguments: [String]) throws -> [TaskRecord] {
        let statement = try database.cachedStatement(sql: sql)
        return try Row.fetchAll(statement, arguments: StatementArguments(arguments)).map { try TaskRecord(row: $0) }
    }

    static func insert(_ database: Database, _ task: TaskRecord) throws {
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO task (id, distribution, blob, node, kind, revision, acknowledged_revision, payload, state,
                status, status_sequence) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        )
        try statement.execute(arguments: [
            task.id.text, task.distribution.text, task.blob.column, task.node.text, task.kind.rawValue,
            task.revision.rawValue.column, task.acknowledgedRevision.rawValue.column, try task.payload.column,
            task.state.rawValue, try task.status.column, task.statusSequence.column,
        ])
    }

    private static func replace(_ database: Database, _ task: TaskRecord) throws {
        let statement = try database.cachedStatement(
            sql: """
                UPDATE task SET revision = ?, acknowledged_revision = ?, payload = ?, state = ?, status = ?,
                status_sequence = ? WHERE id = ?
                """
        )
        try statement.execute(arguments: [
            task.revision.rawValue.column, task.acknowledgedRevision.rawValue.column, try task.payload.column,
            task.state.rawValue, try task.status.column, task.statusSequence.column, task.id.text,
        ])
    }
}

extension TaskRecord {
    fileprivate init(row: Row) throws {
        self.init(
            id: try row.id("id"),
            distribution: try row.id("distribution"),
            blob: try row.fixed("blob"),
            node: try row.id("node"),
            kind: try row.named("kind"),
            revision: Revision(rawValue: try row.unsigned("revision")),
            acknowledgedRevision: Revision(rawValue: try row.unsigned("acknowledged_revision")),
            payload: try row.bytes("payload"),
            state: try row.named("state"),
            status: try row.bytes("status"),
            statusSequence: try row.unsigned("status_sequence")
        )
    }
}
