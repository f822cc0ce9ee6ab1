import Foundation
import Program
import Transport
import Units

/// The file that holds a user's contexts, as kubectl has them: `$SLUICE_CONFIG`, else
/// `$XDG_CONFIG_HOME/sluice/config.json`, else `~/.config/sluice/config.json`. Only its owner can read it.
struct ContextFile: Codable, Hashable, Sendable {
    /// Larger files are refused.
    static let maximumBytes = ByteCount.mebibytes(1)
    /// The longest name of a context, in characters.
    static let longestName = 128

    var currentContext: String?
    var contexts: [ClientContext] = []

    /// Where it is; nil where there is neither a variable nor a home folder.
    static var path: String? {
        let environment = ProcessInfo.processInfo.environment
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        if let path = value("SLUICE_CONFIG") { return path }
        if let folder = value("XDG_CONFIG_HOME") { return "\(folder)/sluice/config.json" }
        return value("HOME").map { "\($0)/.config/sluice/config.json" }
    }

    /// The context of a name, or the current one.
    func context(_ name: String?) throws -> ClientContext? {
        guard let wanted = name ?? currentContext else { return nil }
        guard let found = contexts.first(where: { $0.name == wanted }) else {
            throw UserError(.notFound, "there is no context \(wanted)", hint: "`sluice context list` shows all.")
        }
        return found
    }

    /// Adds a context, or replaces the one of its name.
    mutating func put(_ context: ClientContext) {
        contexts.removeAll { $0.name == context.name }
        contexts.append(context)
        contexts.sort { $0.name < $1.name }
    }

    /// Gives a context another name; it stays the current one if it was.
    mutating func rename(_ name: String, to other: String) throws {
        try Self.check(name: other)
        guard var context = try context(name) else { return }
        guard name == other || !contexts.contains(where: { $0.name == other }) else {
            throw UserError(.alreadyExists, "there is a context \(other) already")
        }
        contexts.removeAll { $0.name == name }
        context.name = other
        put(context)
        if currentContext == name { currentContext = other }
    }

    /// Forgets a context.
    mutating func remove(_ name: String) throws {
        _ = try context(name)
        contexts.removeAll { $0.name == name }
        if currentContext == name { currentContext = nil }
    }

    /// Throws where a text would be no name to type.
    static func check(name: String) throws {
        let isGood = !name.isEmpty && !name.hasPrefix("-") && !name.contains(where: \.isWhitespace)
        guard isGood, name.count <= longestName, PrintableText.escaped(name) == name else {
            throw UserError(
                .invalidArgument,
                "a context's name is 1 to \(longestName) characters without blanks, and does not begin with -"
            )
        }
    }

    /// An absent file holds no contexts.
    static func read(_ path: String) throws -> ContextFile {
        guard FileManager.default.fileExists(atPath: path) else { return ContextFile() }
        do {
            return try JSONDecoder().decode(Self.self, from: Data(FileContent.read(path, atMost: maximumBytes)))
        } catch let error as UserError {
            throw error
        } catch {
            throw UserError(.invalidArgument, "\(path) is not a file of contexts")
        }
    }

    /// Reads the file, changes it, and writes it back, while no other program does.
    static func change(_ path: String, _ change: (inout ContextFile) throws -> Void) throws {
        try makeFolder(of: path)
        try FileLock.hold(path + ".lock") {
            var file = try read(path)
            try change(&file)
            try file.write(to: path)
        }
    }

    /// Puts these contexts in the place of what is there, at once, for its owner alone.
    func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try Self.makeFolder(of: path)
        do {
            try SecretFile.write(String(decoding: encoder.encode(self), as: UTF8.self) + "\n", to: path)
        } catch {
            throw UserError(.permissionDenied, "\(path) cannot be written")
        }
    }

    private static func makeFolder(of path: String) throws {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw UserError(.permissionDenied, "\(folder.path) cannot be made")
        }
    }
}
