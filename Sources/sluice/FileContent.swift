import Foundation
import Units

/// Small files that a user names on the command line.
enum FileContent {
    /// Reads a whole file, or says why not; `-` is standard input.
    static func read(_ path: String, atMost limit: ByteCount) throws -> [UInt8] {
        guard let handle = path == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: path) else {
            throw UserError(.notFound, "\(path) cannot be read")
        }
        defer { try? handle.close() }
        let content = try handle.read(upToCount: limit.int + 1) ?? Data()
        guard content.count <= limit.int else {
            throw UserError(.invalidArgument, "\(path) is larger than \(limit)")
        }
        return Array(content)
    }

    /// Writes a whole file under its final name at once.
    static func write(_ bytes: [UInt8], to path: String) throws {
        do {
            try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw UserError(.permissionDenied, "\(path) cannot be written")
        }
    }
}
