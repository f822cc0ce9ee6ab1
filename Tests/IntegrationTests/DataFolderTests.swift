import Control
import Foundation
import Logging
import SluiceAPI
import Testing
import Units

/// Control's data folder holds the keys of the fleet.
@Suite(.timeLimit(.minutes(1))) struct DataFolderTests {
    private func modes(in folder: String) throws -> [String: Int] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        return try Dictionary(
            uniqueKeysWithValues: (names + ["."]).map { name in
                let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
                return (name, try #require(attributes[.posixPermissions] as? Int))
            }
        )
    }

    /// As an earlier version has left them, too.
    @Test(arguments: [false, true])
    func `everything in it is its owner's alone`(isOld: Bool) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        if isOld {
            try await SecuredControl.run(in: folder) { _ = try await $0.admin() }
            for (name, _) in try modes(in: folder) where name == "." || name.hasPrefix("control.sqlite") {
                let mode = name == "." ? 0o755 : 0o644
                try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: "\(folder)/\(name)")
            }
        }
        try await SecuredControl.run(in: folder) { control in
            _ = try await control.token("v", .viewer)
            let modes = try modes(in: folder)
            #expect(modes["control.sqlite-wal"] != nil && modes["."] == 0o700)
            #expect(modes.filter { $0.key != "." && $0.value != 0o600 } == [:])
        }
    }

    @Test func `in plaintext not every web page may call`() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var configuration = ControlConfiguration(
            dataDirectory: folder,
            host: "127.0.0.1",
            port: 0,
            leaseDuration: .seconds(5)
        )
        configuration.allowedOrigins = ["*"]
        let server = ControlServer(configuration: configuration, logger: Logger(label: "test"))
        let error = await #expect(throws: UserError.self) { try await server.run() }
        #expect(error?.code == .invalidArgument)
    }
}
