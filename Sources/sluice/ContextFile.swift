import Foundation
import Program
import Transport
import Units

/// The file that holds a user's contexts, as kubectl has them: `$SLUICE_CONFIG`, else
/// `$XDG_CONFIG_HOME/sluice/config.json`, else `~/.config/sluice/config.json`. Only its owner can read it.
struct ContextFile: Codable, Hashable, Sendable {
    /// Larger files are refused.
    static let maximumBytes = ByteCount.mebibytes(1)

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

    func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try SecretFile.write(String(decoding: encoder.encode(self), as: UTF8.self) + "\n", to: path)
        } catch {
            throw UserError(.permissionDenied, "\(path) cannot be written")
        }
    }
}
