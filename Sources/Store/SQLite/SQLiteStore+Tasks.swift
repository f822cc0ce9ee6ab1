internal import GRDB
package import Units

extension SQLiteStore {
    package func createTasks(_ tasks: [TaskRecord]) async throws(StoreError) {
        guard !tasks.isEmpty else { return }
        try await write { database in
            try Self.insert(database, tasks)
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

    /// Tasks that are inserted by one statement at most.
    private static let maximumAlike = 8192

    /// A hundred thousand agents' tasks differ in nothing but id and node: one statement makes very many of them.
    static func insert(_ database: Database, _ tasks: [TaskRecord]) throws {
        var rest = tasks[...]
        while let first = rest.first {
            let alike = rest.prefix(maximumAlike).prefix { $0.isAlike(first) }
            if alike.count > 1 { try insert(database, alike, like: first) } else { try insert(database, first) }
            rest = rest.dropFirst(alike.count)
        }
    }

    private static func insert(_ database: Database, _ tasks: ArraySlice<TaskRecord>, like task: TaskRecord) throws {
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO task (id, distribution, blob, node, kind, revision, acknowledged_revision, payload, state,
                status, status_sequence) SELECT substr(value, 1, instr(value, ' ') - 1), ?, ?,
                substr(value, instr(value, ' ') + 1), ?, ?, ?, ?, ?, ?, ? FROM json_each(?)
                """
        )
        // Ids have no character that JSON would want escaped, and no space.
        let pairs = "[" + tasks.map { "\"\($0.id) \($0.node)\"" }.joined(separator: ",") + "]"
        try statement.execute(arguments: [
            task.distribution.text, task.blob.column, task.kind.rawValue, task.revision.rawValue.column,
            task.acknowledgedRevision.rawValue.column, try task.payload.column, task.state.rawValue,
            try task.status.column, task.statusSequence.column, pairs,
        ])
    }

    private static func insert(_ database: Database, _ task: TaskRecord) throws {
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
    /// Whether all but id and node is the same.
    fileprivate func isAlike(_ other: TaskRecord) -> Bool {
        var renamed = self
        (renamed.id, renamed.node) = (other.id, other.node)
        return renamed == other
    }

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
