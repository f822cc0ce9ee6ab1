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
            #expect(again.authorities.trusted.fingerprints == made.authorities.trusted.fingerprints)
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
            #expect(again.authorities.trusted.fingerprints == made.authorities.trusted.fingerprints)
        }
    }

    /// Every step, and what is on disk where a crash comes between its two files.
    @Test func `a change of authorities is made by one file, and the other follows at the next start`() throws {
        try withFolder { folder in
            let control = try ControlAuthority.open(in: folder, now: now)
            let first = control.authorities
            var steps = [try first.adding(first.active.successor(now: now))]
            steps.append(try steps[0].activating(AuthoritySet.name(of: try #require(steps[0].other)), now: now))
            steps.append(try steps[1].deleting(AuthoritySet.name(of: first.active)))
            for step in steps {
                let before = try #require(try SecretFile.read("\(folder)/ca.crt"))
                #expect(try control.keep(step))
                #expect(control.authorities.text == step.text)
                #expect(try SecretFile.read("\(folder)/ca.crt") == step.text)
                try SecretFile.write(before, to: "\(folder)/ca.crt")
                let again = try ControlAuthority.open(in: folder, now: now)
                #expect(again.authorities.text == step.text && again.authorities.chain.count == step.chain.count)
                #expect(try SecretFile.read("\(folder)/ca.crt") == step.text)
            }
            let key = try #require(try SecretFile.read("\(folder)/ca.key"))
            #expect(try AuthorityFile(pem: key).keys.map(\.fingerprint) == [steps[2].active.key.fingerprint])
        }
    }

    @Test func `a change that cannot be kept is none`() throws {
        try withFolder { folder in
            let control = try ControlAuthority.open(in: folder, now: now)
            let first = control.authorities
            try FileManager.default.removeItem(atPath: "\(folder)/ca.key")
            // A file cannot be renamed over a folder.
            try FileManager.default.createDirectory(atPath: "\(folder)/ca.key", withIntermediateDirectories: false)
            let next = try first.adding(first.active.successor(now: now))
            #expect(throws: (any Error).self) { try control.keep(next) }
            #expect(control.authorities.text == first.text)
        }
    }

    @Test func `the server's certificate is by the authority that is active`() throws {
        try withFolder { folder in
            let control = try ControlAuthority.open(in: folder, now: now)
            func server() throws -> Certificate {
                _ = try control.serverContext(names: ["localhost"], now: now)
                return try Certificate(pem: try #require(try SecretFile.read("\(folder)/server.crt")))
            }
            let first = try server()
            let next = try control.authorities.adding(control.authorities.active.successor(now: now))
            _ = try control.keep(next)
            #expect(try server().fingerprint == first.fingerprint)
            _ = try control.keep(next.activating(AuthoritySet.name(of: try #require(next.other)), now: now))
            let second = try server()
            #expect(second.isSigned(by: control.authorities.active.certificate))
            #expect(!second.isSigned(by: next.active.certificate))
            #expect(try server().fingerprint == second.fingerprint)
        }
    }

    @Test func `one certificate in a file of its own stays as it is`() throws {
        try withFolder { folder in
            let made = try ControlAuthority.open(in: folder, now: now).authorities
            let text = "ours\n" + (try made.active.certificate.pem)
            try SecretFile.write(text, to: "\(folder)/ca.crt")
            #expect(try ControlAuthority.open(in: folder, now: now).authorities.text == made.text)
            #expect(try SecretFile.read("\(folder)/ca.crt") == text)
        }
    }
}
