internal import GRDB
package import Units

extension SQLiteStore {
    package func createOrigin(_ origin: OriginRecord) async throws(StoreError) {
        try await write { database in
            try database.execute(
                sql: "INSERT INTO origin (id, payload, created_at) VALUES (?, ?, ?)",
                arguments: [origin.id.text, try origin.payload.column, origin.createdAt]
            )
        }
    }

    package func updateOrigin(_ id: OriginID, payload: [UInt8]) async throws(StoreError) {
        try await write { database in
            try database.execute(
                sql: "UPDATE origin SET payload = ? WHERE id = ?",
                arguments: [try payload.column, id.text]
            )
            guard database.changesCount == 1 else { throw StoreError(.notFound, "there is no such origin") }
        }
    }

    package func deleteOrigin(_ id: OriginID) async throws(StoreError) {
        try await write { database in
            let sql = "SELECT EXISTS (SELECT 1 FROM distribution WHERE origin = ? AND state IN ('pending', 'running'))"
            guard try Bool.fetchOne(database, sql: sql, arguments: [id.text]) != true else {
                throw StoreError(.conflict, "an active distribution uses the origin")
            }
            try database.execute(sql: "DELETE FROM origin WHERE id = ?", arguments: [id.text])
            guard database.changesCount == 1 else { throw StoreError(.notFound, "there is no such origin") }
        }
    }

    package func origin(_ id: OriginID) async throws(StoreError) -> OriginRecord? {
        try await read { database in
            try Row.fetchOne(database, sql: "SELECT * FROM origin WHERE id = ?", arguments: [id.text])
                .map { try OriginRecord(row: $0) }
        }
    }

    package func origins(_ page: PageRequest) async throws(StoreError) -> Page<OriginRecord> {
        let after = try page.token.map { text throws(StoreError) in try PageToken(text: text) }?.id ?? ""
        return try await read { database in
            let sql = "SELECT * FROM origin WHERE id > ? ORDER BY id LIMIT ?"
            let rows = try Row.fetchAll(database, sql: sql, arguments: [after, page.size + 1])
            return Page(try rows.map { try OriginRecord(row: $0) }, size: page.size) { PageToken(id: $0.id.text) }
        }
    }

    package func allOrigins() async throws(StoreError) -> [OriginRecord] {
        try await read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM origin ORDER BY id").map { try OriginRecord(row: $0) }
        }
    }
}

extension OriginRecord {
    fileprivate init(row: Row) throws {
        self.init(id: try row.id("id"), payload: try row.bytes("payload"), createdAt: try row.integer("created_at"))
    }
}

extension Page {
    /// Of up to `size` + 1 records; the one too many only tells that there is a next page.
    init(_ records: [Record], size: Int, token: (Record) -> PageToken) {
        let kept = records.prefix(size)
        self.init(records: Array(kept), nextToken: records.count > size ? kept.last.map { token($0).text } : nil)
    }
}
