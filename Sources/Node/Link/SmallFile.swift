internal import FoundationEssentials
internal import Transport
internal import Units

/// State files of a few lines: written whole and renamed into place, readable by this user alone.
enum SmallFile {
    static func read(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    /// Makes the folder that a file lies in.
    static func makeFolder(of path: String) throws {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    static func write(_ text: String, to path: String) throws(UserError) {
        do {
            try makeFolder(of: path)
            try SecretFile.write(text, to: path)
        } catch {
            throw UserError(.permissionDenied, "\(path) cannot be written", hint: "Check the --data folder.")
        }
    }
}
