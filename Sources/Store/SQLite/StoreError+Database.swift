internal import GRDB

extension StoreError {
    /// Sorts what GRDB and SQLite report; a `StoreError` passes as it is. SQLite's message never holds values of rows.
    init(_ error: any Error) {
        if let error = error as? StoreError {
            self = error
            return
        }
        if error is CancellationError {
            self = StoreError(.cancelled, "the call was cancelled")
            return
        }
        guard let error = error as? DatabaseError else {
            self = StoreError(.internalFailure, "the database failed unexpectedly")
            return
        }
        let detail = error.message ?? "no message"
        switch error.resultCode {
        case .SQLITE_FULL: self = StoreError(.diskFull, "the database has no space left")
        case .SQLITE_BUSY, .SQLITE_LOCKED: self = StoreError(.busy, "another process holds the database")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = StoreError(.corrupt, "the database is damaged: \(detail)")
        case .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM:
            self = StoreError(.inputOutput, "the database cannot be read or written: \(detail)")
        case .SQLITE_INTERRUPT, .SQLITE_ABORT: self = StoreError(.cancelled, "the call was cancelled")
        case .SQLITE_TOOBIG: self = StoreError(.invalidArgument, "a value is too large to store")
        case .SQLITE_CONSTRAINT: self = StoreError(constraint: error.extendedResultCode)
        default: self = StoreError(.internalFailure, "the database failed: \(detail)")
        }
    }

    private init(constraint code: ResultCode) {
        switch code {
        case .SQLITE_CONSTRAINT_PRIMARYKEY, .SQLITE_CONSTRAINT_UNIQUE, .SQLITE_CONSTRAINT_ROWID:
            self = StoreError(.alreadyExists, "a record with this id is there already")
        case .SQLITE_CONSTRAINT_FOREIGNKEY:
            self = StoreError(.conflict, "the record refers to one that is gone, or is still referred to")
        default:
            self = StoreError(.invalidArgument, "a value breaks a rule of the database")
        }
    }
}
