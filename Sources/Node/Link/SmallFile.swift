internal import FoundationEssentials
internal import Transport
internal import Units

/// State files of a few lines: written whole and renamed into place, readable by this user alone.
enum SmallFile {
    /// Nil where there is no such file; one that cannot be read throws, so that nothing is made anew in its place.
    static func read(_ path: String) throws(UserError) -> String? {
        do {
            return try SecretFile.read(path)
        } catch {
            throw UserError(.permissionDenied, error.message, hint: "Check the --data folder.")
        }
    }

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
