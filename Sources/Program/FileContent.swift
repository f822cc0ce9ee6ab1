internal import FoundationEssentials
package import Units

/// Small files that a user names on the command line.
package enum FileContent {
    /// Reads a whole file, or says why not; `-` is standard input.
    package static func read(_ path: String, atMost limit: ByteCount) throws -> [UInt8] {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        let size = attributes?[.size] as? UInt64 ?? 0
        let place = path == "-" ? "/dev/stdin" : path
        guard size <= limit.rawValue else { throw UserError(.invalidArgument, "\(path) is larger than \(limit)") }
        guard let content = try? Data(contentsOf: URL(fileURLWithPath: place)) else {
            throw UserError(.notFound, "\(path) cannot be read")
        }
        guard content.count <= limit.int else {
            throw UserError(.invalidArgument, "\(path) is larger than \(limit)")
        }
        return Array(content)
    }

    /// Writes a whole file under its final name at once.
    package static func write(_ bytes: [UInt8], to path: String) throws {
        do {
            try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw UserError(.permissionDenied, "\(path) cannot be written")
        }
    }
}
