internal import FoundationEssentials
internal import Glibc
package import Units

/// Small files that a user names on the command line.
package enum FileContent {
    /// Reads a whole file, or says why not; `-` is standard input.
    package static func read(_ path: String, atMost limit: ByteCount) throws -> [UInt8] {
        if path == "-" { return try standardInput(atMost: limit) }
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        let size = attributes?[.size] as? UInt64 ?? 0
        guard size <= limit.rawValue else { throw UserError(.invalidArgument, "\(path) is larger than \(limit)") }
        guard let content = try? Data(contentsOf: URL(fileURLWithPath: path)) else {
            throw UserError(.notFound, "\(path) cannot be read")
        }
        guard content.count <= limit.int else {
            throw UserError(.invalidArgument, "\(path) is larger than \(limit)")
        }
        return Array(content)
    }

    private static func standardInput(atMost limit: ByteCount) throws -> [UInt8] {
        var content: [UInt8] = []
        while content.count <= limit.int {
            var failure: Int32 = 0
            let part = unsafe [UInt8](unsafeUninitializedCapacity: 65_536) { space, count in
                count = max(0, unsafe Glibc.read(STDIN_FILENO, space.baseAddress, space.count))
                failure = errno
            }
            if part.isEmpty, failure == EINTR { continue }
            guard !part.isEmpty else { return content }
            content += part
        }
        throw UserError(.invalidArgument, "standard input is larger than \(limit)")
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
