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
        return try await write { try Self.update($0, updates) }
    }

    static func update(_ database: Database, _ updates: [TaskUpdate]) throws -> Int {
        let select = try database.cachedStatement(sql: "\(selection) WHERE task.id = ?")
        let acknowledge = try database.cachedStatement(
            sql: "UPDATE task SET acknowledged_revision = max(acknowledged_revision, min(?, revision)) WHERE id = ?"
        )
        var (found, shared) = (0, SharedWork())
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
            let stored = try TaskRecord(row: row, sharing: &shared)
            let changed = stored.applying(update)
            if changed != stored { try replace(database, stored, by: changed) }
        }
        return found
    }

    package func nodes(of tasks: [TaskID]) async throws(StoreError) -> [TaskID: NodeID] {
        try await read { database in
            let statement = try database.cachedStatement(sql: "SELECT node FROM task WHERE id = ?")
            var nodes: [TaskID: NodeID] = [:]
            for task in tasks {
                nodes[task] = try Row.fetchOne(statement, arguments: [task.text])?.id("node")
            }
            return nodes
        }
    }

    package func task(_ id: TaskID) async throws(StoreError) -> TaskRecord? {
        try await readFew { try Self.tasks($0, sql: "\(Self.selection) WHERE task.id = ?", [id.text]).first }
    }

    package func tasks(of distribution: DistributionID) async throws(StoreError) -> [TaskRecord] {
        let sql = "\(Self.selection) WHERE task.distribution = ? ORDER BY task.id"
        return try await read { try Self.tasks($0, sql: sql, [distribution.text]) }
    }

    package func openTasks(of node: NodeID) async throws(StoreError) -> [TaskRecord] {
        let sql = """
            \(Self.selection) WHERE task.node = ?
            AND (task.state IN ('pending', 'running') OR task.acknowledged_revision < task.revision) ORDER BY task.id
            """
        return try await readFew { try Self.tasks($0, sql: sql, [node.text]) }
    }

    package func activeTasks() async throws(StoreError) -> [TaskRecord] {
        let sql = """
            \(Self.selection) JOIN distribution ON distribution.id = task.distribution
            WHERE distribution.state IN ('pending', 'running') ORDER BY task.id
            """
        return try await read { try Self.tasks($0, sql: sql, []) }
    }

    private static func tasks(_ database: Database, sql: String, _ arguments: [String]) throws -> [TaskRecord] {
        let statement = try database.cachedStatement(sql: sql)
        let rows = try Row.fetchCursor(statement, arguments: StatementArguments(arguments))
        var (tasks, shared) = ([TaskRecord](), SharedWork())
        while let row = try rows.next() { tasks.append(try TaskRecord(row: row, sharing: &shared)) }
        return tasks
    }

    /// Tasks with the work they share with others.
    private static let selection =
        "SELECT task.*, task_work.payload AS shared FROM task LEFT JOIN task_work ON task_work.id = task.work"

    /// Work that was read already, so that very many tasks share one in memory, too.
    fileprivate typealias SharedWork = [Int64: [UInt8]]

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
        try database.execute(
            sql: "INSERT INTO task_work (distribution, payload) VALUES (?, ?)",
            arguments: [task.distribution.text, try task.payload.column]
        )
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO task (id, distribution, blob, node, kind, revision, acknowledged_revision, payload, state,
                status, status_sequence, work) SELECT substr(value, 1, instr(value, ' ') - 1), ?, ?,
                substr(value, instr(value, ' ') + 1), ?, ?, ?, x'', ?, ?, ?, ? FROM json_each(?)
                """
        )
        // Ids have no character that JSON would want escaped, and no space.
        let pairs = "[" + tasks.map { "\"\($0.id) \($0.node)\"" }.joined(separator: ",") + "]"
        try statement.execute(arguments: [
            task.distribution.text, task.blob.column, task.kind.rawValue, task.revision.rawValue.column,
            task.acknowledgedRevision.rawValue.column, task.state.rawValue, try task.status.column,
            task.statusSequence.column, database.lastInsertedRowID, pairs,
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

    private static func replace(_ database: Database, _ old: TaskRecord, by task: TaskRecord) throws {
        if task.payload != old.payload {
            let statement = try database.cachedStatement(sql: "UPDATE task SET payload = ?, work = NULL WHERE id = ?")
            try statement.execute(arguments: [try task.payload.column, task.id.text])
        }
        let statement = try database.cachedStatement(
            sql: """
                UPDATE task SET revision = ?, acknowledged_revision = ?, state = ?, status = ?, status_sequence = ?
                WHERE id = ?
                """
        )
        try statement.execute(arguments: [
            task.revision.rawValue.column, task.acknowledgedRevision.rawValue.column, task.state.rawValue,
            try task.status.column, task.statusSequence.column, task.id.text,
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

    fileprivate init(row: Row, sharing shared: inout SQLiteStore.SharedWork) throws {
        self.init(
            id: try row.id("id"),
            distribution: try row.id("distribution"),
            blob: try row.fixed("blob"),
            node: try row.id("node"),
            kind: try row.named("kind"),
            revision: Revision(rawValue: try row.unsigned("revision")),
            acknowledgedRevision: Revision(rawValue: try row.unsigned("acknowledged_revision")),
            payload: try Self.work(row, &shared),
            state: try row.named("state"),
            status: try row.bytes("status"),
            statusSequence: try row.unsigned("status_sequence")
        )
    }

    private static func work(_ row: Row, _ shared: inout SQLiteStore.SharedWork) throws -> [UInt8] {
        let number: Int64? = row["work"]
        guard let number else { return try row.bytes("payload") }
        if let known = shared[number] { return known }
        let work = try row.bytes("shared")
        shared[number] = work
        return work
    }
}
