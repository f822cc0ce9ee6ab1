import Store

/// Makes stores to test: each backend adds one, and every test of `ControlStoreTests` runs against it.
struct StoreFactory: Sendable, CustomStringConvertible {
    let description: String
    /// Opens the database of that name; the same name again is the same database.
    let open: @Sendable (String) async throws -> any ControlStore

    static let all = [sqlite]
    static let sqlite = StoreFactory(description: "SQLite") { try SQLiteStore(path: $0) }
}
