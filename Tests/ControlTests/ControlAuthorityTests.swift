import Foundation
import Testing
import Transport
import Units

@testable import Control

/// Keys that are there are never replaced because they could not be read.
@Suite struct ControlAuthorityTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    private let now: Int64 = 1_795_000_000

    @Test(arguments: ["ca.key", "ca.crt"])
    func `an authority of which one half is gone is refused`(half: String) throws {
        try withFolder { folder in
            let made = try ControlAuthority.open(in: folder, now: now)
            let again = try ControlAuthority.open(in: folder, now: now)
            #expect(again.authority.certificate.fingerprint == made.authority.certificate.fingerprint)
            try FileManager.default.removeItem(atPath: "\(folder)/\(half)")
            let error = #expect(throws: UserError.self) { try ControlAuthority.open(in: folder, now: now) }
            #expect(error?.code == .dataLoss && error?.sentence.contains(half) == true)
        }
    }

    @Test(arguments: ["ca.key", "ca.crt", "server.key", "server.crt"])
    func `a file that cannot be read stays`(name: String) throws {
        try withFolder { folder in
            let made = try ControlAuthority.open(in: folder, now: now)
            _ = try made.serverContext(names: ["localhost"], now: now)
            // A folder can be opened as a file is, and not be read.
            let path = "\(folder)/\(name)"
            try FileManager.default.moveItem(atPath: path, toPath: path + ".kept")
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            #expect(throws: UserError.self) {
                try ControlAuthority.open(in: folder, now: now).serverContext(names: ["localhost"], now: now)
            }
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.moveItem(atPath: path + ".kept", toPath: path)
            let again = try ControlAuthority.open(in: folder, now: now)
            #expect(again.authority.certificate.fingerprint == made.authority.certificate.fingerprint)
        }
    }
}
