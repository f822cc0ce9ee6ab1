internal import Foundation
internal import GRDB
internal import Units

/// Checked reading: what is not as we wrote it is `corrupt`, never a trap.
extension Row {
    func column<Value: DatabaseValueConvertible>(_ name: String) throws -> Value {
        let stored: DatabaseValue? = self[name]
        guard let stored, let value = Value.fromDatabaseValue(stored) else { throw damaged(name) }
        return value
    }
    func text(_ name: String) throws -> String { try column(name) }
    func integer(_ name: String) throws -> Int64 { try column(name) }
    func unsigned(_ name: String) throws -> UInt64 {
        let value = try integer(name)
        guard value >= 0 else { throw damaged(name) }
        return UInt64(value)
    }
    func unsigned32(_ name: String) throws -> UInt32 {
        guard let value = UInt32(exactly: try integer(name)) else { throw damaged(name) }
        return value
    }
    func bytes(_ name: String) throws -> [UInt8] { [UInt8](try column(name) as Data) }
    func id<Resource>(_ name: String) throws -> ResourceID<Resource> {
        guard let id = ResourceID<Resource>(try text(name)) else { throw damaged(name) }
        return id
    }
    func fixed<Value: FixedBytes>(_ name: String) throws -> Value {
        guard let value = Value(bytes: try bytes(name)) else { throw damaged(name) }
        return value
    }
    func named<Value: RawRepresentable<String>>(_ name: String) throws -> Value {
        guard let value = Value(rawValue: try text(name)) else { throw damaged(name) }
        return value
    }
    func damaged(_ name: String) -> StoreError { StoreError(.corrupt, "column \(name) of a row is damaged") }
}

extension [UInt8] {
    /// As a BLOB; `invalidArgument` above `Limits.maximumValueBytes`.
    var column: Data {
        get throws {
            guard count <= Limits.maximumValueBytes else {
                throw StoreError(.invalidArgument, "a value is too large to store")
            }
            return Data(self)
        }
    }
}

extension FixedBytes {
    /// As a BLOB.
    var column: Data { Data(bytes) }
}

extension UInt64 {
    /// As SQLite's signed integer; what does not fit is the largest that does.
    var column: Int64 { Int64(clamping: self) }
}
