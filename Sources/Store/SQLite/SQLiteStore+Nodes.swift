internal import GRDB
package import Units

extension SQLiteStore {
    package func saveNode(_ node: NodeRecord) async throws(StoreError) {
        try await write { database in
            try database.execute(
                sql: """
                    INSERT INTO node (id, role, payload, public_key, incarnation, last_seen_at) VALUES (?, ?, ?, ?, ?, ?)
                    ON CONFLICT (id) DO UPDATE SET role = excluded.role, payload = excluded.payload,
                    public_key = excluded.public_key, incarnation = excluded.incarnation,
                    last_seen_at = max(last_seen_at, excluded.last_seen_at)
                    WHERE excluded.incarnation >= incarnation
                    """,
                arguments: [
                    node.id.text, node.role.rawValue, try node.payload.column, try node.publicKey.column,
                    node.incarnation.column, node.lastSeenAt,
                ]
            )
            guard database.changesCount == 1 else {
                throw StoreError(.conflict, "a later incarnation of the node is known")
            }
        }
    }

    package func nodesSeen(_ times: [NodeID: Int64]) async throws(StoreError) {
        guard !times.isEmpty else { return }
        try await write { database in
            let statement = try database.cachedStatement(
                sql: "UPDATE node SET last_seen_at = max(last_seen_at, ?) WHERE id = ?"
            )
            for (node, time) in times { try statement.execute(arguments: [time, node.text]) }
        }
    }

    package func node(_ id: NodeID) async throws(StoreError) -> NodeRecord? {
        try await read { database in
            try Row.fetchOne(database, sql: "SELECT * FROM node WHERE id = ?", arguments: [id.text])
                .map { try NodeRecord(row: $0) }
        }
    }

    package func nodes(_ page: PageRequest, role: NodeRecordRole?) async throws(StoreError) -> Page<NodeRecord> {
        let after = try page.token.map { text throws(StoreError) in try PageToken(text: text) }?.id ?? ""
        return try await read { database in
            let sql = "SELECT * FROM node WHERE id > ? AND (? IS NULL OR role = ?) ORDER BY id LIMIT ?"
            let rows = try Row.fetchAll(
                database,
                sql: sql,
                arguments: [after, role?.rawValue, role?.rawValue, page.size + 1]
            )
            return Page(try rows.map { try NodeRecord(row: $0) }, size: page.size) { PageToken(id: $0.id.text) }
        }
    }

    package func allNodes() async throws(StoreError) -> [NodeRecord] {
        try await read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM node ORDER BY id").map { try NodeRecord(row: $0) }
        }
    }
}

extension NodeRecord {
    fileprivate init(row: Row) throws {
        self.init(
            id: try row.id("id"),
            role: try row.named("role"),
            payload: try row.bytes("payload"),
            publicKey: try row.bytes("public_key"),
            incarnation: try row.unsigned("incarnation"),
            lastSeenAt: try row.integer("last_seen_at")
        )
    }
}
