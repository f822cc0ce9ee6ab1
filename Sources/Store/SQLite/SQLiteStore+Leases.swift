internal import GRDB
package import Units

extension SQLiteStore {
    package func saveLeaseState(_ state: LeaseStateRecord) async throws(StoreError) {
        try await write { database in
            try database.execute(
                sql: """
                    INSERT INTO lease_state (origin, epoch, reserve) VALUES (?, ?, ?)
                    ON CONFLICT (origin) DO UPDATE SET epoch = excluded.epoch, reserve = excluded.reserve
                    WHERE excluded.epoch >= epoch
                    """,
                arguments: [state.origin.text, state.epoch.rawValue.column, try state.reserve.column]
            )
            guard database.changesCount == 1 else {
                throw StoreError(.conflict, "a later start of control has written the lease reserve")
            }
        }
    }

    package func leaseState(of origin: OriginID) async throws(StoreError) -> LeaseStateRecord? {
        try await read { database in
            try Row.fetchOne(database, sql: "SELECT * FROM lease_state WHERE origin = ?", arguments: [origin.text])
                .map { try LeaseStateRecord(row: $0) }
        }
    }

    package func leaseStates() async throws(StoreError) -> [LeaseStateRecord] {
        try await read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM lease_state ORDER BY origin")
                .map { try LeaseStateRecord(row: $0) }
        }
    }
}

extension LeaseStateRecord {
    fileprivate init(row: Row) throws {
        self.init(
            origin: try row.id("origin"),
            epoch: Epoch(rawValue: try row.unsigned("epoch")),
            reserve: try row.bytes("reserve")
        )
    }
}
