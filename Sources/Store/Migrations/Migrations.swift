internal import GRDB

/// Every change of the tables, by name, in order. Append only: a migration that has been released never changes.
enum Migrations {
    static let all: DatabaseMigrator = {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("0001-orders") { try $0.execute(sql: orders) }
        migrator.registerMigration("0002-nodes-and-tasks") { try $0.execute(sql: nodesAndTasks) }
        migrator.registerMigration("0003-ledger-and-leases") { try $0.execute(sql: ledgerAndLeases) }
        migrator.registerMigration("0004-access") { try $0.execute(sql: access) }
        migrator.registerMigration("0005-shared-work") { try $0.execute(sql: sharedWork) }
        migrator.registerMigration("0006-revoked-keys") { try $0.execute(sql: revokedKeys) }
        migrator.registerMigration("0007-certificates") { try $0.execute(sql: certificates) }
        return migrator
    }()

    private static let orders = """
        CREATE TABLE setting (key TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE counter (name TEXT PRIMARY KEY NOT NULL, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE origin (
            id TEXT PRIMARY KEY NOT NULL, payload BLOB NOT NULL, created_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE blob (
            id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 32),
            url TEXT NOT NULL, size INTEGER NOT NULL CHECK (size >= 0), etag TEXT NOT NULL,
            last_modified TEXT NOT NULL, piece_length INTEGER NOT NULL, file_name TEXT NOT NULL, sha256 BLOB NOT NULL,
            origin TEXT NOT NULL, epoch INTEGER NOT NULL, publisher_torrent BLOB NOT NULL,
            finished_torrent BLOB NOT NULL, info_hashes BLOB NOT NULL, state TEXT NOT NULL, failure TEXT NOT NULL,
            created_at INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE hash_batch (
            blob BLOB NOT NULL REFERENCES blob (id) ON DELETE CASCADE,
            epoch INTEGER NOT NULL, first_piece INTEGER NOT NULL, encoded BLOB NOT NULL,
            UNIQUE (blob, epoch, first_piece, encoded)
        ) STRICT;
        CREATE TABLE distribution (
            id TEXT PRIMARY KEY NOT NULL, request_id TEXT UNIQUE,
            blob BLOB NOT NULL REFERENCES blob (id), origin TEXT NOT NULL, "order" BLOB NOT NULL,
            state TEXT NOT NULL, failure TEXT NOT NULL, priority INTEGER NOT NULL,
            created_at INTEGER NOT NULL, ended_at INTEGER
        ) STRICT;
        CREATE INDEX distribution_by_time ON distribution (created_at, id);
        CREATE INDEX distribution_by_blob ON distribution (blob);
        CREATE INDEX distribution_active ON distribution (created_at, id) WHERE state IN ('pending', 'running');
        """

    private static let nodesAndTasks = """
        CREATE TABLE node (
            id TEXT PRIMARY KEY NOT NULL, role TEXT NOT NULL, payload BLOB NOT NULL, public_key BLOB NOT NULL,
            incarnation INTEGER NOT NULL, last_seen_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE task (
            id TEXT PRIMARY KEY NOT NULL,
            distribution TEXT NOT NULL REFERENCES distribution (id) ON DELETE CASCADE,
            blob BLOB NOT NULL, node TEXT NOT NULL, kind TEXT NOT NULL, revision INTEGER NOT NULL,
            acknowledged_revision INTEGER NOT NULL, payload BLOB NOT NULL, state TEXT NOT NULL, status BLOB NOT NULL,
            status_sequence INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX task_by_distribution ON task (distribution, id);
        CREATE INDEX task_open ON task (node, id)
            WHERE state IN ('pending', 'running') OR acknowledged_revision < revision;
        """

    /// `task.payload` is empty where `task.work` names what the task shares with others.
    private static let sharedWork = """
        CREATE TABLE task_work (
            id INTEGER PRIMARY KEY, distribution TEXT NOT NULL REFERENCES distribution (id) ON DELETE CASCADE,
            payload BLOB NOT NULL
        ) STRICT;
        CREATE INDEX task_work_by_distribution ON task_work (distribution);
        ALTER TABLE task ADD COLUMN work INTEGER;
        """

    /// Keys of nodes that were shut out, whatever becomes of their names; and the two kinds of audit entries, to count each.
    private static let revokedKeys = """
        CREATE TABLE revoked_key (
            digest BLOB PRIMARY KEY NOT NULL CHECK (length(digest) = 32)
        ) STRICT, WITHOUT ROWID;
        INSERT OR IGNORE INTO revoked_key (digest) SELECT key_digest FROM enrollment WHERE revoked_at IS NOT NULL;
        CREATE INDEX audit_done ON audit (sequence) WHERE outcome = 'OK';
        CREATE INDEX audit_failed ON audit (sequence) WHERE outcome <> 'OK';
        """

    /// Which authority the certificate that a node has is by, and when it ends.
    private static let certificates = """
        ALTER TABLE enrollment ADD COLUMN authority BLOB CHECK (length(authority) = 32);
        ALTER TABLE enrollment ADD COLUMN certificate_ends_at INTEGER;
        """

    private static let access = """
        CREATE TABLE api_token (
            id TEXT PRIMARY KEY NOT NULL, role TEXT NOT NULL,
            digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32), created_at INTEGER NOT NULL, expires_at INTEGER
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE join_token (
            id TEXT PRIMARY KEY NOT NULL, role TEXT NOT NULL, node TEXT,
            digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32), maximum_uses INTEGER NOT NULL,
            uses INTEGER NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE enrollment (
            node TEXT PRIMARY KEY NOT NULL, role TEXT NOT NULL,
            key_digest BLOB NOT NULL CHECK (length(key_digest) = 32), token TEXT NOT NULL,
            enrolled_at INTEGER NOT NULL, revoked_at INTEGER
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE audit (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, principal TEXT NOT NULL,
            method TEXT NOT NULL, resource TEXT NOT NULL, outcome TEXT NOT NULL, peer TEXT NOT NULL
        ) STRICT;
        """

    private static let ledgerAndLeases = """
        CREATE TABLE ledger (
            origin TEXT NOT NULL, node TEXT NOT NULL, distribution TEXT NOT NULL, reason TEXT NOT NULL,
            bytes INTEGER NOT NULL CHECK (bytes >= 0),
            PRIMARY KEY (origin, node, distribution, reason)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX ledger_by_distribution ON ledger (distribution);
        CREATE TABLE usage_sequence (
            node TEXT PRIMARY KEY NOT NULL, sequence INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE lease_state (
            origin TEXT PRIMARY KEY NOT NULL, epoch INTEGER NOT NULL, reserve BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
}
