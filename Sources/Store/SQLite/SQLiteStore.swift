internal import GRDB
package import Units

/// The embedded store: one SQLite file in WAL mode with `synchronous=FULL`, so that a returned call survives kill -9 and
/// power loss. Readers never block the writer; writes run one after the other.
package final class SQLiteStore: ControlStore {
    /// GRDB's pool is Sendable: it serialises writes and hands each read its own snapshot.
    private let pool: DatabasePool
    private let writes: WriteGroup
    private let smallReads: ReadGroup

    /// Opens the file at `path`, made when missing, and brings its tables up to date.
    package convenience init(path: String) throws(StoreError) {
        try self.init(path: path, maximumPages: nil)
    }

    /// `maximumPages` bounds the file (`PRAGMA max_page_count`): what lies beyond it is `diskFull`.
    init(path: String, maximumPages: Int?) throws(StoreError) {
        var configuration = Configuration()
        configuration.busyMode = .timeout(Limits.busyTimeoutSeconds)
        configuration.foreignKeysEnabled = true
        configuration.label = "Store"
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA synchronous = FULL")
            try database.execute(sql: "PRAGMA cache_size = -32768")
            if let maximumPages { try database.execute(sql: "PRAGMA max_page_count = \(maximumPages)") }
        }
        do {
            pool = try DatabasePool(path: path, configuration: configuration)
            try Migrations.all.migrate(pool)
            let known = try pool.read { try Migrations.all.hasBeenSuperseded($0) }
            if known { throw StoreError(.conflict, "the database was written by a newer version") }
            writes = WriteGroup(pool: pool)
            smallReads = ReadGroup(pool: pool)
        } catch {
            throw StoreError(error)
        }
    }

    package func close() async throws(StoreError) {
        do { try pool.close() } catch { throw StoreError(error) }
    }

    /// One write, all or nothing: everything is undone when `body` throws. It is on disk when this returns; what else
    /// waits to be written goes with it.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        let outcome = await withCheckedContinuation {
            (caller: CheckedContinuation<Result<Value, StoreError>, Never>) in
            writes.add(
                WriteGroup.Job(
                    perform: { database in
                        let value = try body(database)
                        return { caller.resume(returning: .success(value)) }
                    },
                    fail: { caller.resume(returning: .failure($0)) }
                )
            )
        }
        return try outcome.get()
    }

    /// A few rows, with what else waits to be read so.
    func readFew<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        let outcome = await withCheckedContinuation {
            (caller: CheckedContinuation<Result<Value, StoreError>, Never>) in
            smallReads.add(
                ReadGroup.Job(
                    perform: { database in
                        caller.resume(returning: Result { try body(database) }.mapError(StoreError.init))
                    },
                    fail: { caller.resume(returning: .failure($0)) }
                )
            )
        }
        return try outcome.get()
    }

    /// One snapshot that is read.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        do { return try await pool.read(body) } catch { throw StoreError(error) }
    }
}

extension SQLiteStore {
    package func nextControlEpoch() async throws(StoreError) -> Epoch {
        try await write { database in
            let sql = """
                INSERT INTO counter (name, value) VALUES ('control_epoch', 1)
                ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value
                """
            guard let value = try Int64.fetchOne(database, sql: sql), value > 0 else {
                throw StoreError(.corrupt, "the control epoch is damaged")
            }
            return Epoch(rawValue: UInt64(value))
        }
    }

    package func setting(_ key: String) async throws(StoreError) -> [UInt8]? {
        try await read { database in
            try Row.fetchOne(database, sql: "SELECT value FROM setting WHERE key = ?", arguments: [key])?.bytes("value")
        }
    }

    package func saveSetting(_ key: String, value: [UInt8]) async throws(StoreError) {
        try await write { database in
            try database.execute(
                sql:
                    "INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                arguments: [key, try value.column]
            )
        }
    }

    package func settingOrInsert(_ key: String, value: [UInt8]) async throws(StoreError) -> [UInt8] {
        try await write { database in
            try database.execute(
                sql: "INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO NOTHING",
                arguments: [key, try value.column]
            )
            let row = try Row.fetchOne(database, sql: "SELECT value FROM setting WHERE key = ?", arguments: [key])
            guard let row else { throw StoreError(.corrupt, "a setting is gone right after it was written") }
            return try row.bytes("value")
        }
    }
}
