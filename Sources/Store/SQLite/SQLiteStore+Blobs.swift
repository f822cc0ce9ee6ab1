internal import GRDB
package import Units

extension SQLiteStore {
    package func blob(_ id: BlobID) async throws(StoreError) -> BlobRecord? {
        try await read { try Self.blob($0, id) }
    }

    package func activeBlobs() async throws(StoreError) -> [BlobRecord] {
        try await read { database in
            let sql = """
                SELECT * FROM blob WHERE id IN (SELECT blob FROM distribution WHERE state IN ('pending', 'running'))
                ORDER BY created_at, id
                """
            return try Row.fetchAll(database, sql: sql).map { try BlobRecord(row: $0) }
        }
    }

    package func updateBlob(_ blob: BlobRecord) async throws(StoreError) {
        try await write { database in
            guard let stored = try Self.blob(database, blob.id) else {
                throw StoreError(.notFound, "there is no such blob")
            }
            guard stored.epoch <= blob.epoch else { throw StoreError(.conflict, "the blob is at a higher epoch") }
            try database.execute(
                sql: """
                    UPDATE blob SET sha256 = ?, epoch = ?, publisher_torrent = ?, finished_torrent = ?, info_hashes = ?,
                    state = ?, failure = ? WHERE id = ?
                    """,
                arguments: [
                    try blob.sha256.column, blob.epoch.rawValue.column, try blob.publisherTorrent.column,
                    try blob.finishedTorrent.column, try blob.infoHashes.flatMap(\.bytes).column, blob.state.rawValue,
                    blob.failure, blob.id.column,
                ]
            )
        }
    }

    package func appendBatches(_ batches: [HashBatchRecord]) async throws(StoreError) {
        guard !batches.isEmpty else { return }
        try await write { database in
            let statement = try database.cachedStatement(
                sql: """
                    INSERT INTO hash_batch (blob, epoch, first_piece, encoded) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING
                    """
            )
            for batch in batches {
                try statement.execute(arguments: [
                    batch.blob.column, batch.epoch.rawValue.column, Int64(batch.firstPiece.rawValue),
                    try batch.encoded.column,
                ])
            }
        }
    }

    package func batches(of blob: BlobID) async throws(StoreError) -> [HashBatchRecord] {
        try await read { database in
            let sql = """
                SELECT hash_batch.* FROM hash_batch JOIN blob ON blob.id = hash_batch.blob
                WHERE hash_batch.blob = ? AND hash_batch.epoch >= blob.epoch
                ORDER BY hash_batch.first_piece, hash_batch.epoch, hash_batch.rowid
                """
            return try Row.fetchAll(database, sql: sql, arguments: [blob.column]).map { row in
                HashBatchRecord(
                    blob: try row.fixed("blob"),
                    firstPiece: PieceIndex(rawValue: try row.unsigned32("first_piece")),
                    epoch: Epoch(rawValue: try row.unsigned("epoch")),
                    encoded: try row.bytes("encoded")
                )
            }
        }
    }

    static func blob(_ database: Database, _ id: BlobID) throws -> BlobRecord? {
        try Row.fetchOne(database, sql: "SELECT * FROM blob WHERE id = ?", arguments: [id.column])
            .map { try BlobRecord(row: $0) }
    }

    /// Returns the blob as it is stored, which is the known one where there is one.
    static func insertUnlessKnown(_ database: Database, _ blob: BlobRecord) throws -> BlobRecord {
        if let known = try Self.blob(database, blob.id) { return known }
        try database.execute(
            sql: """
                INSERT INTO blob (id, url, size, etag, last_modified, piece_length, file_name, sha256, origin, epoch,
                publisher_torrent, finished_torrent, info_hashes, state, failure, created_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                blob.id.column, blob.url, blob.size.rawValue.column, blob.etag, blob.lastModified,
                Int64(blob.pieceLength), blob.fileName, try blob.sha256.column, blob.origin.text,
                blob.epoch.rawValue.column, try blob.publisherTorrent.column, try blob.finishedTorrent.column,
                try blob.infoHashes.flatMap(\.bytes).column, blob.state.rawValue, blob.failure, blob.createdAt,
            ]
        )
        return blob
    }
}

extension BlobRecord {
    fileprivate init(row: Row) throws {
        self.init(
            id: try row.fixed("id"),
            url: try row.text("url"),
            size: ByteCount(rawValue: try row.unsigned("size")),
            etag: try row.text("etag"),
            lastModified: try row.text("last_modified"),
            pieceLength: try row.unsigned32("piece_length"),
            fileName: try row.text("file_name"),
            sha256: try row.bytes("sha256"),
            origin: try row.id("origin"),
            epoch: Epoch(rawValue: try row.unsigned("epoch")),
            publisherTorrent: try row.bytes("publisher_torrent"),
            finishedTorrent: try row.bytes("finished_torrent"),
            infoHashes: try Self.infoHashes(row),
            state: try row.named("state"),
            failure: try row.text("failure"),
            createdAt: try row.integer("created_at")
        )
    }

    private static func infoHashes(_ row: Row) throws -> [InfoHash] {
        let bytes = try row.bytes("info_hashes")
        guard bytes.count.isMultiple(of: InfoHash.byteCount) else { throw row.damaged("info_hashes") }
        return stride(from: 0, to: bytes.count, by: InfoHash.byteCount).compactMap {
            InfoHash(bytes: bytes[$0..<($0 + InfoHash.byteCount)])
        }
    }
}
