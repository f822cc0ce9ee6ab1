import Foundation
import Store

/// A database in a file of its own, which goes away behind the body.
func withTemporaryStore(_ body: (SQLiteStore) async throws -> Void) async throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).sqlite").path
    defer { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) } }
    let store = try SQLiteStore(path: path)
    try await body(store)
    try await store.close()
}
